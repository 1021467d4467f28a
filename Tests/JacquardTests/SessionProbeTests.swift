import Jacquard
import JacquardPlanner
import JacquardRuntime
import JacquardTransforms
import Synchronization
import Testing

/// Probes in Swift: values at each step, beside the results.
@Suite struct SessionProbeTests {
  struct Net: Module {
    let hidden = Linear(3, 4)
    let isProbed: Bool
    func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
      let first = relu(hidden(x))
      return (isProbed ? probe(first, "activation") : first).sum(1)
    }
  }

  private func training(isProbed: Bool) throws -> Graph {
    try Graph("t", mode: .training) { g in
      let x = g.input("x", Float.self, [2, 3])
      let net = Net(isProbed: isProbed)
      let loss = g.scope("net") { g.module(net)(x) }.sum()
      if isProbed { probe(loss * 2, "twice") }
      g.minimize(loss, with: Adam(learningRate: 0.1))
      g.output("loss", loss)
    }
  }

  @Test(arguments: [ExecutorKind.vm, .native, .reference]) func stepsGiveValues(_ executor: ExecutorKind) throws {
    let x = ["x": try HostTensor([1, -1, 2, 0.5, 3, -2] as [Float], [2, 3])]
    let seen = Mutex<[String]>([])
    var options = Session.Options(executor: executor)
    options.onProbe = { step, name, value in seen.withLock { $0.append("\(step) \(name) \(value.type)") } }
    let (store, plain) = (ParameterStore(seed: 3), ParameterStore(seed: 3))
    let session = try Session(try training(isProbed: true), store, options: options)
    let bare = try Session(try training(isProbed: false), plain, options: Session.Options(executor: executor))
    #expect(session.probes.isEmpty)
    for _ in 0..<3 {
      // The same bytes, and no further output.
      let outputs = try session.step(x)
      #expect(try outputs == bare.step(x))
      let loss = try #require(outputs["loss"]?[linear: 0].asDouble)
      #expect(session.probes["twice"]?[linear: 0].asDouble == 2 * loss)
    }
    for name in plain.names { #expect(store[name] == plain[name], "\(name)") }
    #expect(Set(session.probes.keys).count == 2)
    let name = try #require(session.probes.keys.first { $0.hasSuffix("activation") })
    #expect(session.probes[name]?.statistics.minimum ?? -1 >= 0)
    let lines = (0..<3).flatMap { ["\($0) \(name) f32[2,4]", "\($0) twice f32[]"] }
    #expect(seen.withLock { $0 } == lines)
  }

  @Test func namesFollowScopesAndStayApart() throws {
    let graph = try Graph("g") { g in
      let x = g.input("x", Float.self, [3])
      for _ in 0..<2 { g.scope("s") { _ = probe(exp(x), "e") } }
      g.output("y", probe(x, "x"))
    }
    #expect(Set(graph.outputs.map(\.name)) == ["probe/s/e", "probe/s/e_2", "probe/x", "y"])
    #expect(graph.outputs.compactMap(\.probe).count == 3 && graph.resultRoots.count == 1)
    // A predictor's only output is the graph's own.
    let value = try Predictor(graph, ParameterStore()).predict(try HostTensor([1, 2, 3] as [Float], [3]))
    #expect(value.elements(Float.self) == [1, 2, 3])
  }

  /// What has no value of its own outside cannot be watched.
  @Test func probesInsideBodiesAreErrors() throws {
    let cases: [@Sendable (Tensor<Float>) -> Tensor<Float>] = [
      { x in
        scan(x, over: x) { c, s in
          let next = probe(c + s, "inner")
          return (next, next)
        }.last
      },
      { x in vmap(x) { probe(exp($0), "inner") } },
      { x in cond(x.sum().greater(than: 0), then: { probe(x, "inner") }, else: { x }) },
      { x in customGradient([x], forward: { probe(exp($0[0]), "inner") }, backward: { x, _, g in [g * x[0]] }) },
    ]
    for (number, body) in cases.enumerated() {
      let error = #expect(throws: Diagnostic.self) {
        try Graph("g") { g in g.output("y", body(g.input("x", Float.self, [3]))) }
      }
      #expect(error?.message.contains("neither output nor probed") ?? false, "\(number): \(String(describing: error))")
      #expect(error?.site?.file == #fileID, "\(number)")
    }
  }

  /// A pass of the user's own, in a session.
  @Test func aSessionTakesPasses() throws {
    let graph = try Graph("g") { g in g.output("y", log(exp(g.input("x", Float.self, [2])))) }
    let rule = Rule("logOfExp", "log(exp(x)) is x", on: ["log"]) { $1.node($0.inputs[0], "exp")?.inputs[0] }
    var options = Session.Options(executor: .vm)
    let x = ["x": try HostTensor([1, 200] as [Float], [2])]
    #expect(
      try Session(graph, ParameterStore(), options: options).step(x)["y"]?.elements(Float.self) == [1, .infinity])
    let pass = Pass("inverses", "drops functions that undo each other", RuleSet("inverses", [rule]))
    options.compile.passes = try Pipeline.standard.inserting(pass, after: "canonicalise")
    #expect(try Session(graph, ParameterStore(), options: options).step(x)["y"]?.elements(Float.self) == [1, 200])
  }

  @Test func statisticsCount() throws {
    let tensor = try HostTensor([1, .nan, 3, -.infinity, 5, .infinity] as [Float], [2, 3])
    let figures = tensor.statistics
    #expect(figures.count == 6 && figures.finiteCount == 3 && figures.nanCount == 1 && figures.infinityCount == 2)
    #expect(figures.minimum == 1 && figures.maximum == 5 && figures.mean == 3)
    #expect(figures.standardDeviation == (8.0 / 3).squareRoot() && tensor.firstNaN == 1)
    #expect(
      try HostTensor([1, .nan] as [Float16], [2]).firstNaN == 1 && HostTensor([1, 2] as [Double], [2]).firstNaN == nil)
    let whole = try HostTensor([true, false, true, true], [4]).statistics
    #expect(whole.mean == 0.75 && whole.minimum == 0 && whole.maximum == 1)
    #expect(try HostTensor(zeros: .f64, [0]).statistics.mean.isNaN)
  }
}
