import JacquardCore
import JacquardIR

extension ModelZoo {
  /// A language model of characters with one recurrent layer: 96 characters, sequences of 64, states of 128.
  public struct CharacterLSTM: Module {
    static let vocabulary = 96
    static let length = 64
    let embedding = Embedding(vocabulary, 64)
    let recurrent = LSTM(64, 128, batchFirst: true)
    let output = Linear(128, vocabulary)

    /// The model with layers of its own, whose parameters start as PyTorch's.
    public init() {}

    /// - Parameter x: characters, `[N,64]`.
    /// - Returns: Logits of the next character, `[N,64,96]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<Int32>, as type: S.Type) -> Tensor<S> {
      output(recurrent(embedding(x, as: type)).output)
    }

    private static func sequence(_ g: GraphContext, _ name: String) -> Tensor<Int32> {
      g.input(
        name, Int32.self, ["N", Dim(length)], sample: SampleHint(.integers, low: 0, high: Double(vocabulary)),
        feed: FeedHint(column: name))
    }

    static let entries = [
      Entry(name: "lstm") {
        try Graph("lstm", symbols: ["N": 32]) { g in
          g.output("logits", g.module(CharacterLSTM())(sequence(g, "x"), as: Float.self))
        }
      },
      Entry(name: "lstm.train") {
        try Graph("lstm.train", mode: .training, symbols: ["N": 32]) { g in
          let scores = g.module(CharacterLSTM())(sequence(g, "x"), as: Float.self).reshaped([-1, Dim(vocabulary)])
          let loss = crossEntropy(logits: scores, labels: sequence(g, "y").reshaped([-1]))
          g.minimize(loss, with: Adam(learningRate: 1e-3))
          g.output("loss", loss)
        }
      },
    ]
  }
}
