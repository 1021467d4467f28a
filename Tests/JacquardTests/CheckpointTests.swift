import Jacquard
import JacquardPlanner
import JacquardTransforms
import Testing

/// What is computed again in the backward pass, what is kept, and the memory that it saves.
@Suite struct CheckpointTests {
  /// `ModelZoo.Transformer` with each layer checkpointed, if there is a policy.
  private struct Transformer: Module {
    let tokens = Embedding(96, 128)
    let positions = Embedding(128, 128)
    let layers = (0..<4).map { _ in
      TransformerEncoderLayer(128, heads: 4, hidden: 512, normFirst: true, activation: .gelu, dropout: 0)
    }
    let norm = LayerNorm(128)
    let output = Linear(128, 96)

    func callAsFunction(_ x: Tensor<Int32>, place: Tensor<Int32>, _ policy: CheckpointPolicy?) -> Tensor<Float> {
      let embedded: Tensor<Float> = tokens(x, as: Float.self)
      let features = layers.reduce(embedded + positions(place, as: Float.self)) { x, layer in
        guard let policy else { return layer(x, causal: true) }
        return checkpoint(x, saving: policy) { layer($0, causal: true) }
      }
      return output(norm(features))
    }
  }

  private static func transformer(_ policy: CheckpointPolicy?) throws -> Graph {
    try Graph("transformer", mode: .training, symbols: ["N": 16]) { g in
      let x = g.input("x", Int32.self, ["N", 128])
      let y = g.input("y", Int32.self, ["N", 128])
      let logits = g.module(Transformer())(x, place: g.iota(Int32.self, [128]), policy)
      let loss = crossEntropy(logits: logits.reshaped([-1, 96]), labels: y.reshaped([-1]))
      g.minimize(loss, with: AdamW(learningRate: 3e-4))
      g.output("loss", loss)
    }
  }

  /// The memory that a policy should save, and that the plan saves.
  ///
  /// At the worst moment, in the backward pass of one of L equal layers, what one layer keeps is there in either case: without
  /// checkpoints because it was kept, with them because it was computed again. So of the difference between what both keep for
  /// the backward pass (S without, s with checkpoints) the part (L - 1) / L should go. The
  /// tolerance: what is computed again passes through more temporaries than one layer keeps, and gradients wait for the end of the
  /// step beside it: a few arrays of the hidden layer's size, of which one layer keeps nine.
  /// Without sections, for which the planner itself computes attention's weights again.
  @Test(arguments: [CheckpointPolicy.nothing, .products]) func layersOfATransformerTakeLess(
    _ policy: CheckpointPolicy
  ) throws {
    let (plain, checked) = (try Self.transformer(nil), try Self.transformer(policy))
    let options = try #require(CompilerPart(named: "sections")).leftOut()
    let before = try Compiler.compile(plain, options: options)
    let after = try Compiler.compile(checked, options: options)
    let kept = try before.graph.savedForBackward().bytes - after.graph.savedForBackward().bytes
    let predicted = Double(kept) * 3 / 4
    let saved = Double(before.plan.arenaBytes - after.plan.arenaBytes)
    #expect(predicted > 0)
    #expect(abs(saved - predicted) <= 0.12 * predicted, "predicted \(predicted), saved \(saved)")
  }

  /// The same losses and parameters, whatever is computed again.
  @Test(arguments: [CheckpointPolicy.nothing, .products]) func trainingIsTheSame(_ policy: CheckpointPolicy) throws {
    let stores = [ParameterStore(seed: 5), ParameterStore(seed: 5)]
    var losses: [[Float]] = []
    for (store, graph) in zip(stores, [try Self.transformer(nil), try Self.transformer(policy)]) {
      let session = try Session(graph, store)
      losses.append(
        try (0..<3).flatMap { step in
          let tokens = try HostTensor((0..<2 * 128).map { Int32(($0 * 7 + step * 31) % 96) }, [2, 128])
          let labels = try HostTensor((0..<2 * 128).map { Int32(($0 * 5 + step * 17) % 96) }, [2, 128])
          return try session.step(["x": tokens, "y": labels])["loss"]?.elements(Float.self) ?? []
        })
    }
    #expect(losses[0].count == 3)
    for (a, b) in zip(losses[0], losses[1]) { #expect(abs(a - b) <= 1e-5 * abs(a), "\(losses)") }
    for name in stores[0].names where stores[0][name]?.dtype == .f32 {
      let (a, b) = (stores[0][name]?.elements(Float.self) ?? [], stores[1][name]?.elements(Float.self) ?? [])
      // Adam divides by the root of the square: a gradient that is rounding alone moves a parameter by the learning rate.
      let worst = zip(a, b).map { abs($0 - $1) }.max() ?? 1
      #expect(worst <= 3 * 3e-4, "\(name): \(worst)")
    }
  }

  // MARK: Policies

  /// Two layers whose inner values have names, and their gradient with respect to the input.
  private func graph(_ policy: CheckpointPolicy?) throws -> Graph {
    try Graph("part", mode: .training) { g in
      let x = g.input("x", Double.self, [4, 3])
      let (first, second) = (g.module(Linear(3, 5)), g.module(Linear(5, 2)))
      let body: (Tensor<Double>) -> Tensor<Double> = { x in
        let hidden = tanh(first(x)).named("hidden")
        return second(exp(hidden).named("grown"))
      }
      let y = policy.map { checkpoint(x, saving: $0, body) } ?? body(x)
      g.output("gradient", grad(of: (y * y).sum(), withRespectTo: x))
    }
  }

  /// How often each operation is in the graph after all passes: twice where it is computed again.
  private func counts(_ policy: CheckpointPolicy?) throws -> [String: Int] {
    let (graph, _) = try Pipeline.standard.run(try graph(policy))
    return Dictionary(graph.nodes.map { ($0.operationName, 1) }) { $0 + $1 }
  }

  @Test func policiesSayWhatIsComputedAgain() throws {
    // Products: two forward, two for the gradient of x; another one or two where they are computed again.
    let cases: [(policy: CheckpointPolicy?, tanh: Int, exp: Int, dot: Int)] = [
      (nil, 1, 1, 4), (.nothing, 2, 2, 5), (.products, 2, 2, 4), (.named(["hidden"]), 1, 2, 4),
      (.named(["grown"]), 2, 1, 5), (.named(["grown", "hidden"]), 1, 1, 4),
    ]
    for entry in cases {
      let found = try counts(entry.policy)
      let label = entry.policy.map { "\($0)" } ?? "no checkpoint"
      #expect(
        found["tanh"] == entry.tanh && found["exp"] == entry.exp && found["dot"] == entry.dot, "\(label): \(found)")
    }
  }

  @Test func gradientsAreTheSameUnderEveryPolicy() throws {
    let philox = Philox(9, 9)
    let x = try Draw.tensor(.f64, [4, 3]) { philox.uniform($0) - 0.5 }
    let policies: [CheckpointPolicy?] = [nil, .nothing, .products, .named(["hidden"]), .named(["grown", "hidden"])]
    let found = try policies.map { policy in
      try #require(try Session(try graph(policy), ParameterStore(seed: 2)).step(["x": x])["gradient"])
    }
    for (policy, other) in zip(policies, found) {
      let close = zip(found[0].elements(Double.self), other.elements(Double.self)).allSatisfy { abs($0 - $1) <= 1e-12 }
      #expect(close, "\(policy.map { "\($0)" } ?? "")")
    }
  }

  @Test func anUnknownNameIsRefused() throws {
    let error = #expect(throws: Diagnostic.self) { try graph(.named(["hidden", "nowhere"])) }
    let text = error?.description ?? ""
    #expect(text.contains("no value inside is named 'nowhere'") && text.contains("CheckpointTests.swift"), "\(text)")
  }

  /// A random mask is the same when it is computed again.
  @Test func masksAreDrawnAgainAsTheyWere() throws {
    let graph = try Graph("mask", mode: .training) { g in
      let x = g.input("x", Double.self, [64])
      let y = checkpoint(x) { dropout(exp($0), rate: 0.5) }
      g.output("y", y)
      g.output("gradient", grad(of: y.sum(), withRespectTo: x))
    }
    let found = try Session(graph, ParameterStore()).step(["x": try HostTensor(zeros: .f64, [64])])
    let (y, gradient) = (try #require(found["y"]), try #require(found["gradient"]))
    #expect(y.elements(Double.self) == gradient.elements(Double.self))
    #expect(Set(y.elements(Double.self)) == [0, 2])
  }

  // MARK: What is kept

  @Test func savedValuesAreListedLargestFirst() throws {
    let graph = try Graph("saved", mode: .training) { g in
      let x = g.input("x", Float.self, ["N", 6])
      let w = g.input("w", Float.self, [6, 3])
      let hidden = tanh(exp(x).named("grown").matmul(w)).named("hidden")
      g.output("gradient", grad(of: (hidden * 3).sum(), withRespectTo: [w])[0])
    }
    let saved = try graph.savedForBackward(bindings: ["N": 10])
    #expect(saved.values.map(\.name) == ["grown", "hidden"])
    #expect(saved.values.map(\.type) == ["f32[10,6]", "f32[10,3]"])
    #expect(saved.values.map(\.bytes) == [240, 120] && saved.bytes == 360)
    #expect(saved.values.allSatisfy { $0.site?.file.hasSuffix("CheckpointTests.swift") ?? false })
    #expect(throws: Diagnostic.self) { try graph.savedForBackward() }
    let none = try Graph("none") { g in g.output("y", exp(g.input("x", Float.self, [2]))) }
    #expect(try none.savedForBackward().values.isEmpty)
  }
}
