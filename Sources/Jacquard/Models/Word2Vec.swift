import JacquardCore
import JacquardIR

extension ModelZoo {
  /// Skip-gram with negative sampling (Mikolov et al.; 2013): by default 10,000 words in 128 dimensions.
  public struct Word2Vec: Module {
    // Of the graphs below: the defaults of the initialiser.
    private static let vocabulary = 10_000
    private static let negatives = 5
    let centers: Embedding
    let contexts: Embedding

    // MARK: Forward pass

    /// How well each word goes with others.
    ///
    /// - Parameters:
    ///   - word: `[N]`. - others: `[N,K]`.
    /// - Returns: Logits, `[N,K]`.
    public func callAsFunction<S: TensorFloat>(_ word: Tensor<Int32>, _ others: Tensor<Int32>) -> Tensor<S> {
      (centers(word, as: S.self).expandingDims(1) * contexts(others, as: S.self)).sum(2)
    }

    private static func words(_ g: GraphContext, _ name: String, _ shape: Shape) -> Tensor<Int32> {
      let sample = SampleHint(.integers, low: 0, high: Double(vocabulary))
      return g.input(name, Int32.self, shape, sample: sample, feed: FeedHint(column: name))
    }

    static let entries = [
      Entry(name: "word2vec") {
        try Graph("word2vec", symbols: ["N": 1024]) { g in
          let (word, other) = (words(g, "word", ["N"]), words(g, "context", ["N"]))
          let scores: Tensor<Float> = g.module(Word2Vec())(word, other.expandingDims(1))
          g.output("probability", sigmoid(scores.squeezed(1)))
        }
      },
      Entry(name: "word2vec.train") {
        try Graph("word2vec.train", mode: .training, symbols: ["N": 1024]) { g in
          let (word, other) = (words(g, "word", ["N"]), words(g, "context", ["N"]))
          let negative = words(g, "negative", ["N", Dim(negatives)])
          let model = g.module(Word2Vec())
          let near: Tensor<Float> = softplus(-model(word, other.expandingDims(1)))
          let far: Tensor<Float> = softplus(model(word, negative))
          let loss = near.mean() + far.sum(1).mean()
          g.minimize(loss, with: SGD(learningRate: 0.025))
          g.output("loss", loss)
        }
      },
    ]
  }
}

extension ModelZoo.Word2Vec {
  /// - Parameters:
  ///   - vocabulary: number of words. - size: of a word's vector.
  public init(vocabulary: Int = 10_000, size: Int = 128) {
    centers = Embedding(vocabulary, size)
    contexts = Embedding(vocabulary, size)
  }
}
