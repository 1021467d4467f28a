import Foundation
import Jacquard

/// Ten layers at their start: how the gradient changes on its way back, and which units are dead after training too fast.
enum GradientsByLayer {
  static let depth = 10

  private enum Activation { case sigmoid, relu }

  /// The norm of the gradient by each layer's activations, from one batch.
  private static func graph(_ name: String, _ activation: Activation, gain: Double) throws -> Graph {
    try Graph(name) { g in
      var h = g.input("x", Float.self, ["N", 784])
      var layers: [Tensor<Float>] = []
      for layer in 0..<depth {
        let start = Initializer(.kaimingUniform, gain: gain)
        let weight = g.parameter("w\(layer)", Float.self, [layer == 0 ? 784 : 64, 64], start)
        h = activation == .relu ? relu(matmul(h, weight)) : sigmoid(matmul(h, weight))
        layers.append(h)
      }
      let logits = matmul(h, g.parameter("out", Float.self, [64, 10]))
      let loss = crossEntropy(logits: logits, labels: g.input("y", Int32.self, ["N"]))
      for (layer, gradient) in grad(of: loss, withRespectTo: layers).enumerated() {
        g.output("\(layer)", sqrt((gradient * gradient).sum()))
      }
    }
  }

  static func report(_ run: Run) throws {
    let kinds: [(name: String, activation: Activation, gain: Double)] = [
      ("sigmoid", .sigmoid, 1 / 3.0.squareRoot()), ("he", .relu, 2.0.squareRoot()), ("large", .relu, 8.0.squareRoot()),
    ]
    let batch = try run.data.train().rows(0..<1000)
    let inputs = ["x": try batch.images(), "y": try HostTensor(try batch.integers("label").map(Int32.init), [1000])]
    let norms = try kinds.map { kind in
      let graph = try graph(kind.name, kind.activation, gain: kind.gain)
      try run.save(graph)
      let outputs = try Session(graph, ParameterStore(seed: run.seed), options: run.session).step(inputs)
      return (0..<depth).map { Double(outputs["\($0)"]?.elements(Float.self)[0] ?? .nan) }
    }
    let names = [run.text("sigmoid"), run.text("he"), run.text("large")]
    run.heading("layers")
    run.say("layers.why")
    let places = (1...depth).map(Double.init)
    run.plot(
      "layers.norms", x: "axis.layer", y: "axis.gradient", logY: true,
      zip(names, norms).map { .line($0, places, $1) })
    let factors = norms.map { pow($0[0] / $0[depth - 1], 1 / Double(depth - 1)) }
    // PyTorch, 3 seeds, both data sets: sigmoid 0.140 to 0.141, He 0.977 to 1.018, twice He 1.99 to 2.05 a layer.
    run.claim("layers.vanishing", factors[0], .atMost(0.25))
    run.claim("layers.steady", factors[1], .within(0.9...1.1))
    run.claim("layers.exploding", factors[2], .within(1.8...2.2))
    try deadUnits(run, batch)
  }

  // MARK: Dead units

  /// Three hidden layers, 50 steps of 20 images.
  private static func deadUnits(_ run: Run, _ data: DataSet) throws {
    let rates = [0.01, 0.1, 0.5]
    let shares = try rates.map { try dead(run, data, rate: run.learningRate($0)) }
    run.say("dead.why")
    run.bars(
      "dead.shares", x: "axis.layer", y: "axis.fraction", labels: ["1", "2", "3"],
      groups: zip(rates, shares).map { (name: run.text("rate", ["rate": "\($0)"]), values: $1) })
    // PyTorch, 3 seeds, both data sets, first layer: none at 0.01, 20 to 63 % at 0.5.
    run.claim("dead.slow", shares[0][0], .atMost(0.02), as: .percent)
    run.claim("dead.fast", shares[2][0], .atLeast(0.1), as: .percent)
  }

  /// The share of units that are 0 for each of the images, by layer.
  private static func dead(_ run: Run, _ data: DataSet, rate: Double) throws -> [Double] {
    let body = { (g: GraphContext) -> (layers: [Tensor<Float>], logits: Tensor<Float>) in
      var h = g.input("x", Float.self, ["N", 784])
      var layers: [Tensor<Float>] = []
      for layer in 0..<3 {
        let start = Initializer(.kaimingUniform, gain: 2.0.squareRoot())
        let weight = g.parameter("w\(layer)", Float.self, [layer == 0 ? 784 : 64, 64], start)
        h = relu(matmul(h, weight) + g.parameter("b\(layer)", Float.self, [64], Initializer(.zeros)))
        layers.append(h)
      }
      return (layers, matmul(h, g.parameter("out", Float.self, [64, 10])))
    }
    let training = try Graph("dead.train", mode: .training, symbols: ["N": 20]) { g in
      let loss = crossEntropy(logits: body(g).logits, labels: g.input("y", Int32.self, ["N"]))
      g.minimize(loss, with: SGD(learningRate: .constant(rate)))
      g.output("loss", loss)
    }
    let activity = try Graph("dead.activity", symbols: ["N": 1000]) { g in
      for (index, layer) in body(g).layers.enumerated() { g.output("\(index)", layer.max(0)) }
    }
    let store = ParameterStore(seed: run.seed)
    let session = try Session(training, store, options: run.session)
    for batch in data.batches(20) { _ = try session.step(["x": batch.images(), "y": batch.labels()]) }
    let largest = try Session(activity, store, options: run.session).step(["x": data.images()])
    return (0..<3).map { layer in
      let values = largest["\(layer)"]?.elements(Float.self) ?? []
      return Double(values.count { $0 <= 0 }) / Double(values.count)
    }
  }
}
