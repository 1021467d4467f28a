import JacquardCore
import JacquardIR

extension ModelZoo {
  /// Two convolutions with batch norm, added to the input; a convolution of 1 x 1 brings the input to another size.
  struct ResidualBlock: Module {
    let conv1: Conv2d
    let norm1: BatchNorm2d
    let conv2: Conv2d
    let norm2: BatchNorm2d
    let shortcut: Conv2d?
    let shortcutNorm: BatchNorm2d?

    init(_ inputs: Int, _ outputs: Int, stride: Int) {
      conv1 = Conv2d(inputs, outputs, kernel: 3, stride: stride, padding: 1, bias: false)
      norm1 = BatchNorm2d(outputs)
      conv2 = Conv2d(outputs, outputs, kernel: 3, padding: 1, bias: false)
      norm2 = BatchNorm2d(outputs)
      let differs = stride != 1 || inputs != outputs
      shortcut = differs ? Conv2d(inputs, outputs, kernel: 1, stride: stride, bias: false) : nil
      shortcutNorm = differs ? BatchNorm2d(outputs) : nil
    }

    func callAsFunction<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> {
      let y = norm2(conv2(relu(norm1(conv1(x)))))
      guard let shortcut, let shortcutNorm else { return relu(x + y) }
      return relu(shortcutNorm(shortcut(x)) + y)
    }
  }

  /// A residual network, by default for images of 3 x 32 x 32: stem of 16 channels, stages of 16, 32 and 64 with two blocks each.
  public struct ResNet: Module {
    let stem: Conv2d
    let norm: BatchNorm2d
    /// Of all stages, one after the other. Each stage but the first begins with a block that halves height and width
    /// (rounded up) and brings in the stage's channels.
    let blocks: [ResidualBlock]
    /// Of the mean over height and width.
    let output: Linear

    // MARK: Forward pass

    /// - Parameter x: `[N,3,32,32]`.
    /// - Returns: Logits `[N,10]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> {
      let features = blocks.reduce(relu(norm(stem(x)))) { $1($0) }
      return output(features.mean(2, 3))
    }

    private static func images(_ g: GraphContext) -> Tensor<Float> {
      g.input(
        "x", Float.self, ["N", 3, 32, 32], sample: SampleHint(.uniform, low: 0, high: 1),
        feed: FeedHint(column: "image", scale: 1.0 / 255))
    }

    static let entries = [
      Entry(name: "resnet") {
        try Graph("resnet", symbols: ["N": 64]) { g in g.output("logits", g.module(ResNet())(images(g))) }
      },
      Entry(name: "resnet.train") {
        try Graph("resnet.train", mode: .training, symbols: ["N": 64]) { g in
          let (x, y) = (images(g), ImageModel.labels(g))
          let loss = crossEntropy(logits: g.module(ResNet())(x), labels: y)
          g.minimize(loss, with: Adam(learningRate: 1e-3))
          g.output("loss", loss)
        }
      },
    ]
  }
}

extension ModelZoo.ResNet {
  /// - Parameters:
  ///   - channels: of each stage, at least one; the stem has those of the first.
  ///   - blocks: in each stage. - inputs: channels of an image.
  public init(_ channels: [Int] = [16, 32, 64], blocks count: Int = 2, inputs: Int = 3, classes: Int = 10) {
    let first = channels.first ?? 1
    stem = Conv2d(inputs, first, kernel: 3, padding: 1, bias: false)
    norm = BatchNorm2d(first)
    blocks = zip([first] + channels, channels).enumerated().flatMap { stage, width in
      (0..<count).map { block in
        ModelZoo.ResidualBlock(
          block == 0 ? width.0 : width.1, width.1, stride: stage > 0 && block == 0 ? 2 : 1)
      }
    }
    output = Linear(channels.last ?? 1, classes)
  }
}
