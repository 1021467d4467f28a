import JacquardCore
import JacquardIR

extension ModelZoo {
  /// Two convolutions with pooling, then two linear layers: 421,642 parameters on images of 1 x 28 x 28.
  public struct CNN: Module {
    let conv1 = Conv2d(1, 32, kernel: 3, padding: 1)
    let conv2 = Conv2d(32, 64, kernel: 3, padding: 1)
    let hidden = Linear(3136, 128)
    let output = Linear(128, 10)

    public init() {}

    /// - Parameter x: `[N,1,28,28]`.
    /// - Returns: Logits `[N,10]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> {
      let pool = MaxPool2d(2)
      let features = pool(relu(conv2(pool(relu(conv1(x))))))
      return output(relu(hidden(features.flattened())))
    }

    static let entries = [
      Entry(name: "cnn") {
        try Graph("cnn", symbols: ImageModel.batch) { g in
          g.output("logits", g.module(CNN())(ImageModel.planes(g)))
        }
      },
      Entry(name: "cnn.train") {
        try Graph("cnn.train", mode: .training, symbols: ImageModel.batch) { g in
          let (x, y) = (ImageModel.planes(g), ImageModel.labels(g))
          let loss = crossEntropy(logits: g.module(CNN())(x), labels: y)
          g.minimize(loss, with: Adam(learningRate: 1e-3))
          g.output("loss", loss)
        }
      },
    ]
  }
}
