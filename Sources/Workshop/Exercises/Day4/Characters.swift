import Foundation
import Jacquard

/// A text as numbers: the first nine tenths to train on, the rest to validate.
struct Characters {
  let alphabet: [Character]
  let train: [Int32]
  let validation: [Int32]

  var count: Int { alphabet.count }

  init(_ text: String) {
    let all = Array(text)
    alphabet = Set(all).sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(alphabet, Int32(0)...))
    let codes = all.map { places[$0] ?? 0 }
    train = Array(codes.prefix(codes.count * 9 / 10))
    validation = Array(codes.dropFirst(codes.count * 9 / 10))
  }

  func text(_ codes: [Int32]) -> String { String(codes.map { alphabet[Int($0)] }) }

  /// Mean negative log-likelihood of the validation characters by their frequency, in nats.
  func unigramLoss() -> Double {
    var counts = [Double](repeating: 1, count: count)
    for code in train { counts[Int(code)] += 1 }
    let total = counts.reduce(0, +)
    return validation.reduce(0) { $0 - log(counts[Int($1)] / total) } / Double(validation.count)
  }

  /// The same by the frequency of pairs: what a model that sees one character can reach. Each pair counts once more than seen.
  func bigramLoss() -> Double {
    var counts = [[Double]](repeating: [Double](repeating: 1, count: count), count: count)
    for (a, b) in zip(train, train.dropFirst()) { counts[Int(a)][Int(b)] += 1 }
    let totals = counts.map { $0.reduce(0, +) }
    let pairs = zip(validation, validation.dropFirst())
    let sum = pairs.reduce(0) { $0 - log(counts[Int($1.0)][Int($1.1)] / totals[Int($1.0)]) }
    return sum / Double(validation.count - 1)
  }
}

/// A causal transformer of two pre-norm layers on sequences of 64 characters.
struct CharacterTransformer {
  static let length = 64
  static let width = 64
  /// Steps whose losses are one point of the curve.
  static let stride = 20

  struct Model: Module {
    let tokens: Embedding
    let positions = LearnedPositions(CharacterTransformer.length, CharacterTransformer.width)
    let encoder = TransformerEncoder(
      (0..<2).map { _ in
        TransformerEncoderLayer(width, heads: 4, hidden: 4 * width, normFirst: true, activation: .gelu, dropout: 0)
      }, norm: LayerNorm(width))
    let output: Linear

    func callAsFunction(_ x: Tensor<Int32>) -> Tensor<Float> {
      output(encoder(positions(tokens(x, as: Float.self)), causal: true))
    }
  }

  let vocabulary: Int

  /// Logits of the next character at each place; or a training step.
  func graph(rate: Double?) throws -> Graph {
    let model = Model(
      tokens: Embedding(vocabulary, Self.width), output: Linear(Self.width, vocabulary))
    let shape: Shape = ["N", Dim(Self.length)]
    let mode: GraphContext.Mode = rate == nil ? .evaluation : .training
    return try Graph(rate == nil ? "transformer" : "transformer.train", mode: mode, symbols: ["N": 16]) { g in
      let logits = g.module(model)(g.input("x", Int32.self, shape))
      if rate == nil { g.output("logits", logits) }
      let labels = g.input("y", Int32.self, shape).reshaped([-1])
      let loss = crossEntropy(logits: logits.reshaped([-1, Dim(vocabulary)]), labels: labels)
      if let rate { g.minimize(loss, with: AdamW(learningRate: .constant(rate))) }
      g.output("loss", loss)
    }
  }

  /// Sequences that begin at places of a text, and the same one character on.
  private func batch(_ text: [Int32], _ places: [Int]) throws -> [String: HostTensor] {
    let sizes = [places.count, Self.length]
    return [
      "x": try HostTensor(places.flatMap { text[$0..<$0 + Self.length] }, sizes),
      "y": try HostTensor(places.flatMap { text[$0 + 1...$0 + Self.length] }, sizes),
    ]
  }

  func train(_ run: Run, _ characters: Characters, steps: Int, batch size: Int) throws -> Trained {
    let graph = try graph(rate: run.learningRate(3e-3))
    let text = characters.train
    let digest = SHA256.hex(of: text.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
    let key = Philox(seed: run.seed).folded(7)
    return try run.fit(
      graph, "language", steps: steps, mean: Self.stride, recipe: "batches of \(size), text \(digest)"
    ) { step in
      let places = (0..<size).map { Int(key.uniform(step * size + $0) * Double(text.count - Self.length - 1)) }
      return try batch(text, places)
    }
  }

  /// Mean loss of the first sequences of the validation text.
  func validationLoss(
    _ run: Run, _ store: ParameterStore, _ characters: Characters, sequences: Int
  ) throws -> Double {
    let session = try Session(graph(rate: nil), store, options: run.session)
    let text = characters.validation
    let places = Swift.stride(from: 0, to: text.count - Self.length, by: Self.length).prefix(sequences)
    return try session.step(batch(text, Array(places)))["loss"]?[linear: 0].asDouble ?? .nan
  }

  /// Characters drawn one after the other from softmax(logits), each shown all that came before.
  func sample(_ run: Run, _ store: ParameterStore, _ characters: Characters, count: Int) throws -> String {
    let session = try Session(graph(rate: nil), store, options: run.session)
    let key = Philox(seed: run.seed).folded(8)
    var text = Array(characters.validation.prefix(Self.length))
    for step in 0..<count {
      // The graph wants labels too; they do not matter here.
      let window = try HostTensor(Array(text.suffix(Self.length)), [1, Self.length])
      let logits = try session.step(["x": window, "y": window])["logits"]
      let last = try logits?.reshaped([Self.length, vocabulary]).softmaxInRows()[Self.length - 1] ?? []
      var rest = key.uniform(step)
      let next = last.firstIndex { probability in
        rest -= probability
        return rest < 0
      }
      text.append(Int32(next ?? 0))
    }
    return characters.text(Array(text.dropFirst(Self.length)))
  }
}
