import JacquardCore
import JacquardIR

extension ModelZoo {
  /// A small language model, causal: by default 96 characters, sequences of 128, width 128, 4 heads, 4 pre-norm layers.
  public struct Transformer: Module {
    // Of the graphs below: the defaults of the initialiser.
    private static let vocabulary = 96
    private static let length = 128
    let tokens: Embedding
    let positions: Embedding
    /// With the norm before each branch, GELU, and no dropout.
    let layers: [TransformerEncoderLayer]
    /// Of the last layer's output.
    let norm: LayerNorm
    let output: Linear

    // MARK: Forward pass

    /// - Parameters:
    ///   - x: characters, `[N,T]`. - place: 0 to T - 1, `[T]`; T is 128 by default.
    /// - Returns: Logits of the next character, `[N,T,vocabulary]`.
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

extension ModelZoo.Transformer {
  /// - Parameters:
  ///   - vocabulary: number of characters. - length: of the longest sequence.
  ///   - width: of the vectors, a multiple of `heads`. - hidden: units of the feed-forward networks.
  public init(
    vocabulary: Int = 96, length: Int = 128, width: Int = 128, heads: Int = 4, hidden: Int = 512,
    layers count: Int = 4
  ) {
    tokens = Embedding(vocabulary, width)
    positions = Embedding(length, width)
    layers = (0..<count).map { _ in
      TransformerEncoderLayer(width, heads: heads, hidden: hidden, normFirst: true, activation: .gelu, dropout: 0)
    }
    norm = LayerNorm(width)
    output = Linear(width, vocabulary)
  }
}
