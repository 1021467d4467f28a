import JacquardCore
import JacquardIR

extension ModelZoo {
  /// One linear layer from the pixels to the logits of ten classes.
  public struct LogisticRegression: Module {
    let linear: Linear

    /// - Parameters:
    ///   - inputs: The last size of what comes in. - classes: How many logits go out.
    public init(inputs: Int = 784, classes: Int = 10) { linear = Linear(inputs, classes) }

    /// - Parameter x: `[N,inputs]`.
    /// - Returns: `[N,classes]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> { linear(x) }

    static let entries = [
      Entry(name: "logistic_regression") { try forward() },
      Entry(name: "logistic_regression.train") { try training() },
    ]

    static func forward() throws -> Graph {
      try Graph("logistic_regression", symbols: ImageModel.batch) { g in
        g.output("logits", g.module(LogisticRegression())(ImageModel.images(g)))
      }
    }

    static func training() throws -> Graph {
      try Graph("logistic_regression.train", mode: .training, symbols: ImageModel.batch) { g in
        let (x, y) = (ImageModel.images(g), ImageModel.labels(g))
        let loss = crossEntropy(logits: g.module(LogisticRegression())(x), labels: y)
        g.minimize(loss, with: Adam(learningRate: 1e-3))
        g.output("loss", loss)
      }
    }
  }
}
