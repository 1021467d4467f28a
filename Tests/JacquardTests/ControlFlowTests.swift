import Jacquard
import JacquardCore
import Testing

/// Loops and branches as a user writes them.
@Suite struct ControlFlowTests {
  private func run(_ graph: Graph, _ inputs: [String: HostTensor]) throws -> [String: HostTensor] {
    try graph.verify()
    let session = try Session(graph, ParameterStore(seed: 0))
    return try session.step(inputs)
  }

  @Test func scanOverASequence() throws {
    let graph = try Graph("sum", symbols: ["T": 4]) { g in
      let x = g.input("x", Float.self, ["T", 2])
      let start = g.input("start", Float.self, [2])
      let factor = g.input("factor", Float.self, [])
      let (last, all) = scan(start, over: x) { sum, x in
        let next = sum + x * factor
        return (next, next)
      }
      g.output("last", last)
      g.output("all", all)
    }
    let inputs = [
      "x": try HostTensor([1, 2, 3, 4, 5, 6] as [Float], [3, 2]), "start": try HostTensor([10, 20] as [Float], [2]),
      "factor": HostTensor(Float(2)),
    ]
    let results = try run(graph, inputs)
    #expect(results["last"]?.elements(Float.self) == [28, 44])
    #expect(results["all"]?.elements(Float.self) == [12, 24, 18, 32, 28, 44])
  }

  /// Layers inside the body share their parameters over all trips and are trained.
  @Test func layersInsideALoopAreTrained() throws {
    struct Cell: Module {
      let input = Linear(3, 5)
      let recurrent = Linear(5, 5)
      let output = Linear(5, 1)
      func callAsFunction(_ x: Tensor<Float>, _ start: Tensor<Float>) -> Tensor<Float> {
        output(scan(start, over: x) { h, x in (tanh(input(x) + recurrent(h)), h) }.last)
      }
    }
    let cell = Cell()
    let graph = try Graph("rnn", mode: .training) { g in
      let x = g.input("x", Float.self, [6, 4, 3])
      let start = g.input("start", Float.self, [4, 5])
      let error = g.module(cell)(x, start) - 1
      let loss = (error * error).mean()
      g.minimize(loss, with: SGD(learningRate: 0.1))
      g.output("loss", loss)
    }
    let session = try Session(graph, ParameterStore(seed: 0))
    let x = try HostTensor((0..<72).map { Float($0 % 7) * 0.25 - 0.75 }, [6, 4, 3])
    let inputs = ["x": x, "start": try HostTensor(zeros: .f32, [4, 5])]
    var losses: [Float] = []
    for _ in 0..<30 { losses.append(try session.step(inputs)["loss"]?.elements(Float.self)[0] ?? .nan) }
    #expect(losses[29] < 0.1 * losses[0], "\(losses[0]) to \(losses[29])")
  }

  @Test func branches() throws {
    let graph = try Graph("abs") { g in
      let x = g.input("x", Float.self, [])
      let doubled = x * 2
      let y = cond(x.less(than: 0)) {
        -doubled
      } else: {
        doubled + 0.5
      }
      g.output("y", y)
      g.output("slope", grad(of: y, withRespectTo: x))
    }
    for (x, y, slope) in [(-3, 6, -2), (4, 8.5, 2)] as [(Float, Float, Float)] {
      let results = try run(graph, ["x": HostTensor(x)])
      #expect(results["y"]?.elements(Float.self) == [y])
      #expect(results["slope"]?.elements(Float.self) == [slope])
    }
  }

  @Test func loops() throws {
    let graph = try Graph("double") { g in
      let x = g.input("x", Float.self, [])
      let most = g.input("most", Float.self, [])
      g.output(
        "y",
        whileLoop(x, limit: 100) {
          $0 .< most
        } body: {
          $0 * 2
        })
    }
    let results = try run(graph, ["x": HostTensor(Float(3)), "most": HostTensor(Float(50))])
    #expect(results["y"]?.elements(Float.self) == [96])
  }

  @Test func mistakesAreErrors() {
    let change = #expect(throws: Diagnostic.self) {
      try Graph("change") { g in
        let x = g.input("x", Float.self, [4, 2])
        let start = g.input("start", Float.self, [2])
        g.output("y", scan(start, over: x) { c, x in (c.sum(), x) }.last)
      }
    }
    #expect(change?.description.contains("the type must stay") ?? false)
    let endless = #expect(throws: Diagnostic.self) {
      try Graph("slope") { g in
        let x = g.input("x", Float.self, [])
        g.output(
          "y",
          grad(
            of: whileLoop(x, limit: 9) {
              $0.less(than: 5)
            } body: {
              $0 * 2
            }, withRespectTo: x))
      }
    }
    #expect(endless?.description.contains("use scan") ?? false)
  }
}
