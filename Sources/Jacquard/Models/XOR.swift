import JacquardCore
import JacquardIR

extension ModelZoo {
  /// Two bits to their exclusive or: 2-8-1 with tanh, the smallest model that needs a hidden layer.
  public struct XOR: Module {
    let hidden = Linear(2, 8)
    let output = Linear(8, 1)

    /// The model with layers of its own, whose parameters start as PyTorch's.
    public init() {}

    /// - Parameter x: `[N,2]`.
    /// - Returns: Logits `[N,1]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> { output(tanh(hidden(x))) }

    static let entries = [
      Entry(name: "xor") { try forward() },
      Entry(name: "xor.train") { try training() },
    ]

    private static func input(_ g: GraphContext, _ name: String, _ width: Dim) -> Tensor<Float> {
      g.input(name, Float.self, ["N", width], sample: SampleHint(.uniform), feed: FeedHint(column: name))
    }

    static func forward() throws -> Graph {
      try Graph("xor", symbols: ["N": 4]) { g in
        g.output("logits", g.module(XOR())(input(g, "x", 2)))
      }
    }

    static func training() throws -> Graph {
      try Graph("xor.train", mode: .training, symbols: ["N": 4]) { g in
        let (x, y) = (input(g, "x", 2), input(g, "y", 1))
        let loss = binaryCrossEntropyWithLogits(g.module(XOR())(x), y)
        g.minimize(loss, with: Adam(learningRate: 1e-3))
        g.output("loss", loss)
      }
    }
  }
}
