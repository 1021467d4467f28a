import Jacquard
import Testing

/// 100 steps in f64 against PyTorch: every parameter, for every optimiser, with weight decay and clipping.
@Suite struct OptimizerGoldenTests {
  static let optimizers = ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"]
  static let variants = ["plain", "l2", "clip", "clip+l2"]

  private func graph(_ optimizer: any Optimizer, clip: Double?, l2: Double?) throws -> Graph {
    try Graph("mlp.small", mode: .training) { g in
      let x = g.input("x", Double.self, ["N", 20])
      let y = g.input("y", Int32.self, ["N"])
      let loss = crossEntropy(logits: g.module(ModelZoo.MLP([20, 16, 10]))(x), labels: y)
      g.minimize(
        loss, with: optimizer, clipping: clip.map { .globalNorm($0) }, decay: l2.map { [.l2($0)] } ?? [])
      g.output("loss", loss)
    }
  }

  private func optimizer(_ name: String) -> any Optimizer {
    switch name {
    case "sgd": SGD(learningRate: 0.1)
    case "momentum": Momentum(learningRate: 0.1, momentum: 0.9)
    case "nesterov": Nesterov(learningRate: 0.1, momentum: 0.9)
    case "adam": Adam(learningRate: 0.01)
    case "adamw": AdamW(learningRate: 0.01, weightDecay: 0.01)
    default: RMSProp(learningRate: 0.01, alpha: 0.99)
    }
  }

  @Test(arguments: optimizers, variants) func agreesWithPyTorch(_ name: String, _ variant: String) throws {
    let goldens = try TrainingGoldens()
    let graph = try graph(
      optimizer(name), clip: variant.hasPrefix("clip") ? 0.25 : nil, l2: variant.hasSuffix("l2") ? 0.01 : nil)
    let store = try goldens.store(try goldens.model("mlp.small"), .f64)
    let session = try Session(graph, store)
    var losses: [Double] = []
    for step in 0..<100 {
      let inputs = ["x": try Draw.images(step, .f64, [32, 20]), "y": try Draw.labels(step, 32)]
      losses.append(try session.step(inputs)["loss"]?[linear: 0].asDouble ?? .nan)
    }
    for parameter in graph.inputs where parameter.role == .parameter {
      let expected = try goldens.tensors.tensor("\(name)/\(variant)/\(parameter.name)").elements(Double.self)
      let found = store[parameter.name]?.elements(Double.self) ?? []
      let worst = zip(found, expected).map { abs($0 - $1) / max(abs($1), 1e-12) }.max() ?? .infinity
      #expect(found.count == expected.count && worst <= 1e-8, "\(parameter.name): relative error \(worst)")
    }
    let run = try goldens.json.required("optimisers").array().map { try $0.object() }
      .first { try $0.required("run").string() == "\(name)/\(variant)" }
    let expected = try run.map { try goldens.losses($0, "losses") } ?? []
    #expect(expected.count == 100)
    for (step, (a, b)) in zip(losses, expected).enumerated() where abs(a - b) > 1e-9 * abs(b) {
      Issue.record("loss of step \(step) is \(a), not \(b)")
    }
  }

  @Test func statesAreNamedAfterOptimiserAndParameter() throws {
    let graph = try graph(Adam(learningRate: 0.01), clip: nil, l2: nil)
    let states = graph.inputs.filter { $0.role == .state }.map(\.name).sorted()
    var expected = ["adam/step"]
    for name in ["hidden/bias", "hidden/weight", "output/bias", "output/weight"] {
      expected += ["adam/m/\(name)", "adam/v/\(name)"]
    }
    #expect(states == expected.sorted())
    #expect(graph.updates.count == 4 + 9)
  }

  @Test func schedulesFollowTheirFormulas() throws {
    let schedules: [LearningRate] = [
      0.5, .step(initial: 1, every: 3, factor: 0.5), .exponential(initial: 2, factor: 0.9),
      .cosine(initial: 1, steps: 7, minimum: 0.1), .warmUp(steps: 4, then: .cosine(initial: 1, steps: 5)),
      .warmUp(steps: 3, then: .step(initial: 1, every: 49, factor: 0.1)),
    ]
    for schedule in schedules {
      let graph = try Graph("line", mode: .training) { g in
        let w = g.parameter("w", Double.self, [], Initializer(.zeros))
        g.minimize(w, with: SGD(learningRate: schedule))
      }
      let store = ParameterStore()
      let session = try Session(graph, store)
      var expected = 0.0
      for step in 0..<110 {
        _ = try session.step()
        expected -= schedule.rate(after: step)
        let found = store["w"]?[linear: 0].asDouble ?? .nan
        #expect(abs(found - expected) <= 1e-12 * abs(expected), "\(schedule) at step \(step)")
      }
    }
  }

  @Test func proximalStepGivesExactZeros() throws {
    let graph = try Graph("lasso", mode: .training) { g in
      let w = g.parameter("w", Double.self, [3], Initializer(.ones))
      let target = g.constant([2.0, 0.05, -1.0])
      let loss = mse(w, target, reduction: .sum) * 0.5
      g.minimize(loss, with: ProximalL1(SGD(learningRate: 0.5), strength: 0.1))
    }
    let store = ParameterStore()
    let session = try Session(graph, store)
    for _ in 0..<80 { _ = try session.step() }
    let w = store["w"]?.elements(Double.self) ?? []
    #expect(zip(w, [1.9, 0, -0.9]).allSatisfy { abs($0 - $1) < 1e-12 }, "\(w)")
    #expect(w[1] == 0)
  }

  /// Decay pulls at chosen parameters only: with no gradient to speak of, p (1 - rate factor) and p.
  @Test func decayOfChosenParameters() throws {
    let graph = try Graph("decay", mode: .training) { g in
      let first = g.scope("first") { g.parameter("w", Double.self, [2], Initializer(.ones)) }
      let second = g.scope("second") { g.parameter("w", Double.self, [2], Initializer(.ones)) }
      let loss = (first * 0).sum() + second.sum()
      g.minimize(loss, with: SGD(learningRate: 0.5), decay: [.l2(0.5)], isDecayed: { $0.hasPrefix("first/") })
    }
    let store = ParameterStore()
    _ = try Session(graph, store).step()
    #expect(store["first/w"]?.elements(Double.self) == [0.75, 0.75])
    #expect(store["second/w"]?.elements(Double.self) == [0.5, 0.5])
  }

  @Test func clippingByValueAndL1Decay() throws {
    let graph = try Graph("clip", mode: .training) { g in
      let w = g.parameter("w", Double.self, [2], Initializer(.ones))
      let loss = (w * g.constant([5.0, -0.25])).sum()
      g.minimize(loss, with: SGD(learningRate: 1), clipping: .value(1), decay: [.l1(0.5)])
    }
    let store = ParameterStore()
    _ = try Session(graph, store).step()
    #expect(store["w"]?.elements(Double.self) == [-0.5, 0.75])
  }
}
