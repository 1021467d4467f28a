import JacquardCore
import JacquardIR

extension ModelZoo {
  /// A multilayer perceptron: linear layers with ReLU between them.
  public struct MLP: Module {
    let hidden: [Linear]
    let output: Linear

    /// - Parameter widths: Of the input, the hidden layers and the output.
    public init(_ widths: [Int] = [784, 256, 10]) {
      hidden = zip(widths, widths.dropFirst()).dropLast().map { Linear($0, $1) }
      output = Linear(widths.dropLast().last ?? 1, widths.last ?? 1)
    }

    /// A single hidden layer is called `hidden`, several are `hidden1`, `hidden2`, ...
    public var children: [(name: String, module: any Module)] {
      let names = hidden.count == 1 ? ["hidden"] : hidden.indices.map { "hidden\($0 + 1)" }
      return zip(names, hidden).map { ($0, $1) } + [("output", output)]
    }

    /// - Parameter x: `[N,inputs]`.
    /// - Returns: Logits `[N,classes]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> {
      output(hidden.reduce(x) { relu($1($0)) })
    }

    static let entries = [
      Entry(name: "mlp") { try forward("mlp") },
      Entry(name: "mlp.train") { try training("mlp.train", with: Adam(learningRate: 1e-3)) },
      Entry(name: "mlp.sgd.train") { try training("mlp.sgd.train", with: SGD(learningRate: 0.1)) },
      Entry(name: "mlp_wide") { try forward("mlp_wide", wide, batch: 256) },
      Entry(name: "mlp_wide.train") {
        try training("mlp_wide.train", wide, batch: 256, with: Adam(learningRate: 1e-3))
      },
    ]

    private static let small = [784, 256, 10]
    private static let wide = [784, 2048, 2048, 10]

    static func forward(_ name: String, _ widths: [Int] = small, batch: Int = 128) throws -> Graph {
      try Graph(name, symbols: ["N": batch]) { g in
        g.output("logits", g.module(MLP(widths))(ImageModel.images(g)))
      }
    }

    static func training(
      _ name: String, _ widths: [Int] = small, batch: Int = 128, with optimizer: some Optimizer
    ) throws -> Graph {
      try Graph(name, mode: .training, symbols: ["N": batch]) { g in
        let (x, y) = (ImageModel.images(g), ImageModel.labels(g))
        let loss = crossEntropy(logits: g.module(MLP(widths))(x), labels: y)
        g.minimize(loss, with: optimizer)
        g.output("loss", loss)
      }
    }
  }
}
