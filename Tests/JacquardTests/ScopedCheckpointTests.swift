import Jacquard
import JacquardPlanner
import JacquardTransforms
import Testing

/// Scopes of a finished graph that are computed again in its backward pass.
@Suite struct ScopedCheckpointTests {
  /// Two layers in a scope of their own, and a loss.
  private func graph() throws -> Graph {
    try Graph("part", mode: .training) { g in
      let x = g.input("x", Double.self, [4, 3])
      let y = g.scope("part") {
        let first = g.scope("first") { g.module(Linear(3, 5)) }
        let second = g.scope("second") { g.module(Linear(5, 2)) }
        let hidden = g.scope("inner") { tanh(first(x)).named("hidden") }
        return second(exp(hidden).named("grown"))
      }
      g.output("loss", (y * y).sum())
    }
  }

  private func gradient(_ graph: Graph) throws -> Graph {
    try graph.addingGradients(of: "loss", withRespectTo: ["x"])
  }

  /// How often each operation is in the gradient after all passes.
  private func counts(_ graph: Graph) throws -> [String: Int] {
    let (graph, _) = try Pipeline.standard.run(try gradient(graph))
    return Dictionary(graph.nodes.map { ($0.operationName, 1) }) { $0 + $1 }
  }

  @Test func aScopeIsComputedAgain() throws {
    let plain = try graph()
    let cases: [(scope: String, policy: CheckpointPolicy, tanh: Int, exp: Int)] = [
      ("part", .nothing, 2, 2), ("part", .named(["hidden"]), 1, 2), ("part", .named(["grown"]), 2, 1),
      ("part", .named(["grown", "hidden"]), 1, 1), ("part/inner", .nothing, 2, 1),
    ]
    let without = try counts(plain)
    #expect(without["tanh"] == 1 && without["exp"] == 1, "\(without)")
    for entry in cases {
      let found = try counts(try plain.checkpointing(scope: entry.scope, saving: entry.policy))
      #expect(found["tanh"] == entry.tanh && found["exp"] == entry.exp, "\(entry): \(found)")
    }
  }

  @Test func valuesAndGradientsStayAsTheyAre() throws {
    let plain = try graph()
    let philox = Philox(9, 9)
    let x = try Draw.tensor(.f64, [4, 3]) { philox.uniform($0) - 0.5 }
    let graphs = [
      plain, try plain.checkpointing(scope: "part"),
      try plain.checkpointing(scope: "part/inner", saving: .products),
      try plain.checkpointing(scope: "part/inner").checkpointing(scope: "part", saving: .named(["grown"])),
    ]
    let found = try graphs.map { graph in
      try graph.verify()
      return try Session(try gradient(graph), ParameterStore(seed: 2)).step(["x": x])
    }
    for other in found.dropFirst() {
      for name in ["loss", "grad/x"] {
        let (a, b) = (try #require(found[0][name]), try #require(other[name]))
        #expect(zip(a.elements(Double.self), b.elements(Double.self)).allSatisfy { abs($0 - $1) <= 1e-12 }, "\(name)")
      }
    }
  }

  /// Each layer of a deep network checkpointed: what is kept for the backward pass is what enters the layers.
  @Test func lessIsKept() throws {
    let graph = try Graph("deep", mode: .training) { g in
      let x = g.input("x", Float.self, [64, 32])
      let y = (0..<6).reduce(x) { x, layer in
        g.scope("layers/\(layer)") { x + tanh(g.module(Linear(32, 32))(exp(-x * x))) }
      }
      g.output("loss", y.sum())
    }
    let checked = try (0..<6).reduce(graph) { try $0.checkpointing(scope: "layers/\($1)") }
    let (before, after) = (try saved(graph), try saved(checked))
    #expect(after <= 6 * 64 * 32 * 4 && before >= 2 * after, "\(before), \(after)")
  }

  private func saved(_ graph: Graph) throws -> Int {
    let (optimised, _) = try Pipeline.standard.run(try gradient(graph))
    return try optimised.savedForBackward().bytes
  }

  @Test func whatCannotBeDoneIsRefused() throws {
    let plain = try graph()
    let torn = try Graph("torn") { g in
      let x = g.input("x", Double.self, [4])
      let inside = g.scope("part") { exp(x) }
      let outside = tanh(inside)
      g.output("loss", g.scope("part") { outside * inside }.sum())
    }
    let differentiated = try gradient(plain)
    let cases: [(graph: Graph, scope: String, text: String)] = [
      (plain, "elsewhere", "no output depends on a node of scope 'elsewhere'"),
      (plain, "par", "no output depends on a node of scope 'par'"),
      (torn, "part", "scope 'part' is left and entered again"),
      (differentiated, "part", "the graph is differentiated already"),
    ]
    for entry in cases {
      let error = #expect(throws: Diagnostic.self) { try entry.graph.checkpointing(scope: entry.scope) }
      #expect(error?.description.contains(entry.text) ?? false, "\(error?.description ?? "")")
    }
  }
}
