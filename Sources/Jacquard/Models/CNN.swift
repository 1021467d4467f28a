import JacquardCore
import JacquardIR

extension ModelZoo {
  /// Two convolutions with pooling, then two linear layers: by default 421,642 parameters on images of 1 x 28 x 28.
  public struct CNN: Module {
    let conv1: Conv2d
    let conv2: Conv2d
    let hidden: Linear
    let output: Linear

    // MARK: Forward pass

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

extension ModelZoo.CNN {
  /// - Parameters:
  ///   - channels: of the first convolution and of the second. - hidden: units of the hidden layer.
  ///   - inputs: channels of an image. - side: its height and width, halved twice and rounded down.
  public init(
    _ channels: (Int, Int) = (32, 64), hidden units: Int = 128, inputs: Int = 1, side: Int = 28, classes: Int = 10
  ) {
    conv1 = Conv2d(inputs, channels.0, kernel: 3, padding: 1)
    conv2 = Conv2d(channels.0, channels.1, kernel: 3, padding: 1)
    hidden = Linear(channels.1 * (side / 4) * (side / 4), units)
    output = Linear(units, classes)
  }
}
