import Foundation
import Jacquard
import Testing

@testable import Workshop

/// Trainings that are interrupted, and figures that do not depend on threads.
@Suite struct ResumeTests {
  /// A small model by which draws, momentum and the order of examples all matter.
  private static func graph(_ rate: Double = 0.1) throws -> Graph {
    try Graph("small.train", mode: .training, symbols: ["N": 8]) { g in
      let x = g.input("x", Float.self, ["N", 4], feed: FeedHint(column: "x"))
      let y = g.input("y", Int32.self, ["N"], feed: FeedHint(column: "label"))
      let model = g.module(Sequential(Linear(4, 16), Dropout(0.3), Linear(16, 3)))
      let loss = crossEntropy(logits: model(x), labels: y)
      g.minimize(loss, with: Momentum(learningRate: .constant(rate)))
      g.output("loss", loss)
    }
  }

  private static func data() throws -> DataSet {
    let random = Philox(seed: 5)
    return try DataSet(
      "points",
      [
        DataSet.Column("x", HostTensor((0..<50 * 4).map { Float(random.normal($0)) }, [50, 4])),
        DataSet.Column("label", HostTensor((0..<50).map { Int32($0 % 3) }, [50])),
      ])
  }

  /// Trains by epochs or by steps, as exercises do.
  private static func probe(bySteps: Bool) -> Probe {
    Probe { run in
      let data = try data()
      let trained: Trained
      if bySteps {
        trained = try run.fit(graph(), "axis.step", steps: 21, mean: 4, recipe: Digest.of(data)) { step in
          let batch = data.batches(8, shuffle: .seeded(run.seed), epoch: step / 7)[step % 7]
          return ["x": try batch.raw("x"), "y": try batch.labels()]
        }
      } else {
        trained = try run.fit(graph(), on: data, epochs: 3, batch: 8)
      }
      for (index, result) in trained.history.enumerated() { run.claim("\(index)", result.loss, .atLeast(0)) }
      run.decide(.deploy, "decision")
    }
  }

  /// The files of a folder of weights by name; times are in the histories alone.
  private static func weights(_ folder: TestFolder) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/weights")
    let files = try names.filter { !$0.hasSuffix(".history.json") }.map { name in
      (name, try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/weights/\(name)")))
    }
    return Dictionary(uniqueKeysWithValues: files)
  }

  private final class Countdown: @unchecked Sendable {
    var left: Int
    init(_ left: Int) { self.left = left }
    func isOver() -> Bool {
      left -= 1
      return left < 0
    }
  }

  /// Stopped before some step (seven are an epoch), and once more after the next ones: the same command ends with the same bytes.
  @Test(arguments: [false, true]) func whatIsInterruptedGoesOn(_ bySteps: Bool) throws {
    let probe = Self.probe(bySteps: bySteps)
    let folder = try TestFolder()
    let whole = try attempt(probe, in: folder)
    let expected = try Self.weights(folder)
    for steps in [[0], [1], [6, 3], [7], [8, 0, 5], [20]] {
      let folder = try TestFolder()
      for count in steps {
        let countdown = Countdown(count)
        #expect(throws: CancellationError.self, "\(steps)") {
          _ = try attempt(probe, in: folder, stop: .when { countdown.isOver() })
        }
        let names = try Self.weights(folder).keys
        #expect(names.count == 1 && names.allSatisfy { $0.hasSuffix(".checkpoint.safetensors") }, "\(steps): \(names)")
      }
      let resumed = try attempt(probe, in: folder)
      #expect(try Self.weights(folder) == expected, "\(steps)")
      #expect(resumed.claims.map(\.figure) == whole.claims.map(\.figure), "\(steps)")
    }
    #expect(expected.count == 1 && whole.claims.count > 2)
  }

  /// Another recipe, seed or graph has other weights; the same finds what is there and trains nothing.
  @Test func weightsAreNamedByContent() throws {
    let folder = try TestFolder()
    let cases: [(rate: Double, recipe: String, seed: Int, isNew: Bool)] = [
      (0.1, "a", 0, true), (0.1, "b", 0, true), (0.2, "a", 0, true), (0.1, "a", 1, true), (0.1, "a", 0, false),
    ]
    let probe = Probe { run in
      let batch = try Self.data().batches(8)[0]
      let inputs = ["x": try batch.raw("x"), "y": try batch.labels()]
      for entry in cases {
        let trained = try run.fit(
          Self.graph(entry.rate), "axis.step", steps: 2, recipe: entry.recipe, seed: entry.seed
        ) { _ in inputs }
        #expect(trained.wasFound != entry.isNew && trained.history.count == 2, "\(entry)")
      }
      run.decide(.deploy, "decision")
    }
    #expect(try attempt(probe, in: folder).weights.count == 4)
  }

  /// A file that is no checkpoint is named.
  @Test func damagedCheckpointsAreNamed() throws {
    for bySteps in [false, true] {
      let folder = try TestFolder()
      let countdown = Countdown(3)
      #expect(throws: CancellationError.self) {
        _ = try attempt(Self.probe(bySteps: bySteps), in: folder, stop: .when { countdown.isOver() })
      }
      let name = try #require(try Self.weights(folder).keys.first)
      try ParameterStore(seed: 1).save(to: "\(folder.path)/weights/\(name)")
      let result = try attempt(Self.probe(bySteps: bySteps), in: folder)
      #expect(result.claims.last?.reason?.contains(name) == true, "\(result.claims)")
    }
  }

  /// The first of the trained exercises, at one, two and three threads.
  @Test(.enabled(if: hasImages)) func threadsDoNotMatter() throws {
    let runs = try [1, 2, 3].map { threads in
      let folder = try TestFolder()
      let result = try attempt(TrainedPerceptron(), in: folder, threads: threads)
      let figures = result.claims.filter { $0.key != "seconds" }.map { "\($0.key) \($0.figure ?? .nan)" }
      return (figures: figures, weights: try Self.weights(folder))
    }
    for run in runs {
      #expect(run.figures == runs[0].figures && run.weights == runs[0].weights && run.weights.count == 1)
    }
  }
}
