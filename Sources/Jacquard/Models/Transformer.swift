import JacquardCore
import JacquardIR

extension ModelZoo {
  /// A small language model: 96 characters, sequences of 128, width 128, 4 heads, 4 pre-norm layers, causal.
  public struct Transformer: Module {
    static let vocabulary = 96
    static let length = 128
    static let width = 128
    let tokens = Embedding(vocabulary, width)
    let positions = Embedding(length, width)
    let layers = (0..<4).map { _ in
      TransformerEncoderLayer(width, heads: 4, hidden: 512, normFirst: true, activation: .gelu, dropout: 0)
    }
    let norm = LayerNorm(width)
    let output = Linear(width, vocabulary)

    public init() {}

    /// - Parameters:
    ///   - x: characters, `[N,128]`. - place: 0 to 127.
    /// - Returns: Logits of the next character, `[N,128,96]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<Int32>, place: Tensor<Int32>, as type: S.Type) -> Tensor<S> {
      let embedded: Tensor<S> = tokens(x, as: type)
      let features = layers.reduce(embedded + positions(place, as: type)) { $1($0, causal: true) }
      return output(norm(features))
    }

    private static func sequence(_ g: GraphContext, _ name: String) -> Tensor<Int32> {
      g.input(
        name, Int32.self, ["N", Dim(length)], sample: SampleHint(.integers, low: 0, high: Double(vocabulary)),
        feed: FeedHint(column: name))
    }

    private static func logits(_ g: GraphContext) -> Tensor<Float> {
      let x = sequence(g, "x")
      return g.module(Transformer())(x, place: g.iota(Int32.self, [Dim(length)]), as: Float.self)
    }

    static let entries = [
      Entry(name: "transformer") {
        try Graph("transformer", symbols: ["N": 16]) { g in g.output("logits", logits(g)) }
      },
      Entry(name: "transformer.train") {
        try Graph("transformer.train", mode: .training, symbols: ["N": 16]) { g in
          let scores = logits(g).reshaped([-1, Dim(vocabulary)])
          let loss = crossEntropy(logits: scores, labels: sequence(g, "y").reshaped([-1]))
          g.minimize(loss, with: AdamW(learningRate: 3e-4))
          g.output("loss", loss)
        }
      },
    ]
  }
}
