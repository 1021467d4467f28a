import Jacquard
import Testing

@Suite struct ModuleTests {
  private struct Block: Module {
    let inner = Linear(4, 4)
    func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> { relu(inner(x)) }
  }

  private struct Model: Module {
    let first = Linear(3, 4)
    let blocks = [Block(), Block()]
    let optional: Linear? = Linear(4, 2)
    let tail = Sequential(Linear(2, 2), ReLU(), LayerNorm(2))
    let width = 7

    func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
      var y = first(x)
      for block in blocks { y = block(y) }
      return tail(optional?(y) ?? y)
    }
  }

  private func parameters(_ graph: Graph) -> [String] { graph.inputs.filter { $0.role == .parameter }.map(\.name) }

  @Test func propertiesNameParameters() throws {
    let graph = try Graph("model") { g in
      g.output("y", g.module(Model())(g.input("x", Float.self, ["N", 3])))
    }
    let expected = [
      "first/weight", "first/bias", "blocks/0/inner/weight", "blocks/0/inner/bias", "blocks/1/inner/weight",
      "blocks/1/inner/bias", "optional/weight", "optional/bias", "tail/0/weight", "tail/0/bias", "tail/2/weight",
      "tail/2/bias",
    ]
    #expect(parameters(graph) == expected)
    let weights = graph.inputs.filter { $0.initializer?.seed != nil }.compactMap { $0.initializer?.seed }
    #expect(weights == Array(1...weights.count), "each random initialiser has a seed of its own")
  }

  @Test func scopesComeBeforeNames() throws {
    let graph = try Graph("model") { g in
      let x = g.input("x", Float.self, ["N", 3])
      let y = g.scope("encoder") { g.module(Model())(x) }
      g.output("y", y)
    }
    #expect(parameters(graph).allSatisfy { $0.hasPrefix("encoder/") })
    #expect(graph.nodes.contains { $0.scope == "encoder/first" })
  }

  @Test func aLayerCalledTwiceSharesItsParameters() throws {
    let graph = try Graph("twice") { g in
      let layer = Linear(3, 3)
      g.output("y", layer(layer(g.input("x", Float.self, ["N", 3]))))
    }
    #expect(parameters(graph) == ["linear/weight", "linear/bias"])
  }

  @Test func layersWithoutNamesAreNumbered() throws {
    let graph = try Graph("two") { g in
      g.output("y", Linear(3, 3)(Linear(3, 3)(g.input("x", Float.self, ["N", 3]))))
    }
    #expect(parameters(graph) == ["linear/weight", "linear/bias", "linear2/weight", "linear2/bias"])
  }

  @Test func twoDropoutsAreTwoMasks() throws {
    let graph = try Graph("dropouts", mode: .training) { g in
      let x = g.input("x", Float.self, ["N", 64])
      let layer = Dropout(0.5)
      g.output("a", layer(x))
      g.output("b", layer(x))
    }
    #expect(graph.input(named: "rng/key")?.role == .state)
    #expect(graph.updates.count == 1)
    let session = try Session(graph, ParameterStore(seed: 3))
    let x = try HostTensor([Float](repeating: 1, count: 256), [4, 64])
    let first = try session.step(["x": x])
    let second = try session.step(["x": x])
    #expect(first["a"] != first["b"])
    #expect(first["a"] != second["a"])
    let kept = first["a"]?.elements(Float.self).filter { $0 == 2 }.count ?? 0
    #expect((96...160).contains(kept), "about half are kept and doubled: \(kept) of 256")
  }

  @Test func lossesAreMapsOfValues() throws {
    let cases: [(String, (Tensor<Double>, Tensor<Double>) -> Tensor<Double>, Double)] = [
      ("mse", { mse($0, $1) }, (0.25 + 4 + 0 + 9) / 4),
      ("mse sum", { mse($0, $1, reduction: .sum) }, 13.25),
      ("mse per sample", { mse($0, $1, reduction: .sumPerSample) }, 13.25 / 2),
      ("l1", { l1Loss($0, $1) }, 5.5 / 4),
      ("huber", { huber($0, $1) }, (0.125 + 1.5 + 0 + 2.5) / 4),
      ("huber wide", { huber($0, $1, delta: 10, reduction: .sum) }, 13.25 / 2),
    ]
    let a = try HostTensor([0.5, 2, 1, -3] as [Double], [2, 2])
    let b = try HostTensor([0, 0, 1, 0] as [Double], [2, 2])
    for (name, loss, expected) in cases {
      let graph = try Graph("loss") { g in
        g.output("loss", loss(g.input("a", Double.self, ["N", 2]), g.input("b", Double.self, ["N", 2])))
      }
      let value = try graph.evaluate(["a": a, "b": b]).outputs["loss"]?[linear: 0].asDouble
      #expect(value == expected, "\(name)")
    }
  }
}
