import Foundation
import Jacquard
import Testing

/// Keys for draws in loops, reverse walks of diffusion, averages of parameters, predictions by batches.
@Suite struct DiffusionTests {
  @Test func keysGiveEachTripItsOwnNumbers() throws {
    let graph = try Graph("walk") { g in
      let trips = scan(g.constant([0.0, 0.0]), over: g.keys(50)) { x, key in
        (x, g.normal(Double.self, [2], key: key))
      }
      g.output("draws", trips.outputs)
      g.output("others", g.keys(50))
    }
    let session = try Session(graph, ParameterStore(seed: 3))
    let (first, second) = (try session.step(), try session.step())
    let again = try Session(graph, ParameterStore(seed: 3)).step()
    let draws = [first, second].flatMap { $0["draws"]?.elements(Double.self) ?? [] }
    let isRepeated = again["draws"]?.elements(Double.self) == first["draws"]?.elements(Double.self)
    #expect(draws.count == 200 && Set(draws).count == 200 && isRepeated)
  }

  /// Where the data are N(2, 0.25), the noise to be expected in x is known, and so is what must be drawn.
  @Test(arguments: [0.0, 1.0]) func drawsNormalData(_ eta: Double) throws {
    let schedule = NoiseSchedule()
    let count = 4000
    let graph = try Graph("normal") { g in
      let signal = g.constant(schedule.signal)
      let start = g.normal(Double.self, [Dim(count), 1])
      let walk = ReverseWalk(schedule, count: 1000, eta: eta)
      let (samples, paths) = schedule.sample(from: start, along: walk, paths: 3) { x, step in
        let a = signal.gathered(step).reshaped([-1, 1])
        return (x - sqrt(a) * 2) * sqrt(1 - a) / (a * 0.25 + 1 - a)
      }
      g.output("samples", samples)
      g.output("paths", paths)
    }
    let result = try Session(graph, ParameterStore(seed: 1)).step()
    let x = result["samples"]?.elements(Double.self) ?? []
    let mean = x.reduce(0, +) / Double(count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    // Five standard errors, and what a thousand steps leave.
    #expect(abs(mean - 2) < 5 * 0.5 / Double(count).squareRoot() + 0.01, "\(mean)")
    #expect(abs(variance - 0.25) < 5 * 0.25 * (2 / Double(count)).squareRoot() + 0.01, "\(variance)")
    #expect(result["paths"]?.sizes == [1000, 3, 1] && result["paths"]?.elements(Double.self).suffix(3) == x[0..<3])
  }

  /// Data of one point are met exactly, in however few steps, and a limit holds.
  @Test func drawsAPoint() throws {
    let schedule = NoiseSchedule(steps: 100)
    for (count, limit, expected) in [(100, nil, 0.7), (7, nil, 0.7), (1, nil, 0.7), (7, 0.5, 0.5)] {
      let graph = try Graph("point") { g in
        let signal = g.constant(schedule.signal)
        let start = g.normal(Double.self, [4, 1])
        let drawn = schedule.sample(from: start, along: .ddim(schedule, count: count), limit: limit) { x, step in
          let a = signal.gathered(step).reshaped([-1, 1])
          return (x - sqrt(a) * 0.7) / sqrt(1 - a)
        }
        g.output("samples", drawn.samples)
      }
      let x = try Session(graph, ParameterStore()).step()["samples"]?.elements(Double.self) ?? []
      #expect(x.count == 4 && x.allSatisfy { abs($0 - expected) < 1e-9 }, "\(count): \(x)")
    }
    let walks = [ReverseWalk.ddim(schedule, count: 3).steps, ReverseWalk.ddim(schedule, count: 0).steps]
    #expect(walks == [[99, 50, 0], [99]] && ReverseWalk.ddpm(schedule).steps == (0..<100).reversed())
  }

  // MARK: Averages

  private func training(decay: Double, minimizing: Bool = true) throws -> Graph {
    try Graph("average.train", mode: .training) { g in
      let w = g.parameter("w", Double.self, [], Initializer(.constant, value: 4))
      let loss = w * w * 0.5
      if minimizing { g.minimize(loss, with: SGD(learningRate: 0.5)) }
      g.averageParameters(decay: decay)
      g.output("loss", loss)
    }
  }

  @Test func averagesFollowTheParameters() throws {
    let store = ParameterStore()
    let session = try Session(try training(decay: 0.75), store)
    for _ in 0..<3 { _ = try session.step() }
    // w: 4, 2, 1, 0.5; average: 4, 3.5, 2.875, 2.28125.
    let averaged = try store.averaged()
    #expect(store["w"]?.elements(Double.self) == [0.5] && averaged["w"]?.elements(Double.self) == [2.28125])
    #expect(averaged.names == ["w"])
  }

  @Test func refusesAveragesOfNothing() throws {
    for (decay, minimizing, expected) in [(1.0, true, "not in 0 ..< 1"), (0.9, false, "call it after minimize")] {
      let error = #expect(throws: Diagnostic.self) { try training(decay: decay, minimizing: minimizing) }
      #expect(error?.description.contains(expected) ?? false)
    }
    let error = #expect(throws: Diagnostic.self) { try ParameterStore().averaged() }
    #expect(error?.description.contains("averageParameters") ?? false)
  }

  // MARK: Batches

  @Test func batchesGiveWhatTheWholeGives() throws {
    let graph = try Graph("rows", symbols: ["N": 4]) { g in
      let x = g.input("x", Double.self, ["N", 2])
      g.output("y", x * x)
    }
    let predictor = try Predictor(graph, ParameterStore())
    let x = try HostTensor((0..<14).map(Double.init), [7, 2])
    let whole = try predictor.predict(x)
    for size in [1, 3, 7, 100] {
      let parts = try predictor.predict(x, batchSize: size)
      #expect(parts.sizes == [7, 2] && parts.elements(Double.self) == whole.elements(Double.self))
    }
    let none = #expect(throws: Diagnostic.self) { try predictor.predict([:], batchSize: 2) }
    #expect(none?.description.contains("number of rows") ?? false)
    let sum = try Graph("sum", symbols: ["N": 4]) { g in g.output("y", g.input("x", Double.self, ["N", 2]).sum()) }
    let scalar = #expect(throws: Diagnostic.self) {
      try Predictor(sum, ParameterStore()).predict(x, batchSize: 2)
    }
    #expect(scalar?.description.contains("no row an example") ?? false)
  }
}
