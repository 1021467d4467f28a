import Foundation
import Jacquard

/// Pairs of words that stand near each other in a text.
struct WordPairs {
  /// Words that occur at least five times, the most frequent first, and how often.
  let vocabulary: [String]
  let counts: [Int]
  let tokenCount: Int
  /// Both directions of each pair.
  let train: [(word: Int, context: Int)]
  /// Every twentieth pair, by chance: never trained on.
  let held: [(word: Int, context: Int)]
  /// Sums of counts to the power 3/4: the distribution of negative samples.
  private let cumulative: [Double]
  private let key: Philox

  static let window = 4

  /// - Parameter share: How much of the text, from its beginning.
  /// - Throws: `Diagnostic` if too few words occur often enough.
  init(_ text: String, share: Double, seed: Int) throws {
    let all = text.lowercased().split { !($0.isLetter || $0 == "'") }.map(String.init)
    let tokens = all.prefix(Int(Double(all.count) * share))
    let frequency = Dictionary(tokens.map { ($0, 1) }, uniquingKeysWith: +).filter { $0.value >= 5 }
    let ordered = frequency.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    if ordered.count < 50 { throw Diagnostic("only \(ordered.count) words occur five times in the text") }
    (vocabulary, counts, tokenCount) = (ordered.map(\.key), ordered.map(\.value), tokens.count)
    let numbers = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })
    key = Philox(seed: seed)
    let kept = WordPairs.thinned(tokens.compactMap { numbers[$0] }, counts, key.folded(1))
    let (split, window) = (key.folded(2), WordPairs.window)
    var (train, held): ([(word: Int, context: Int)], [(word: Int, context: Int)]) = ([], [])
    for place in kept.indices {
      for distance in 1...window where place + distance < kept.count {
        let pair = (word: kept[place + distance], context: kept[place])
        if split.uniform(place * window + distance) < 0.05 {
          held.append(pair)
        } else {
          train += [pair, (word: pair.context, context: pair.word)]
        }
      }
    }
    (self.train, self.held) = (train, held)
    var sum = 0.0
    cumulative = counts.map { count in
      sum += pow(Double(count), 0.75)
      return sum
    }
  }

  /// Frequent words are left out by chance: one of share f stays with probability sqrt(0.001 / f).
  private static func thinned(_ tokens: [Int], _ counts: [Int], _ key: Philox) -> [Int] {
    let total = Double(counts.reduce(0, +))
    let stays = counts.map { (1e-3 * total / Double($0)).squareRoot() }
    return tokens.indices.filter { key.uniform($0) < stays[tokens[$0]] }.map { tokens[$0] }
  }

  /// Words drawn by chance: evenly, or as negative samples are.
  func drawn(_ count: Int, uniform: Bool, stream: Int = 3) -> [Int] {
    let (own, total) = (key.folded(stream), cumulative[cumulative.count - 1])
    return (0..<count).map { index in
      let part = own.uniform(index)
      return uniform ? Int(part * Double(vocabulary.count)) : search(part * total)
    }
  }

  /// The first word whose sum is beyond a number.
  private func search(_ value: Double) -> Int {
    var (low, high) = (0, cumulative.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] > value { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Pairs with five negative samples each.
  func trainingData() throws -> DataSet {
    let negatives = drawn(5 * train.count, uniform: false, stream: 4).map(Int32.init)
    return try DataSet(
      "word pairs",
      [
        .init("word", HostTensor(train.map { Int32($0.word) }, [train.count])),
        .init("context", HostTensor(train.map { Int32($0.context) }, [train.count, 1])),
        .init("negative", HostTensor(negatives, [train.count, 5])),
      ])
  }
}

/// What training made of the words.
struct WordVectors {
  private let vocabulary: [String]
  private let numbers: [String: Int]
  private let words: [Float]
  private let contexts: [Float]
  /// The words' vectors divided by their lengths.
  private let directions: [[Float]]

  /// - Throws: `Diagnostic` if the store lacks the vectors.
  init(_ store: ParameterStore, _ vocabulary: [String]) throws {
    guard let words = store["words"], let contexts = store["contexts"] else { throw Diagnostic("no word vectors") }
    self.vocabulary = vocabulary
    numbers = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })
    (self.words, self.contexts) = (words.elements(Float.self), contexts.elements(Float.self))
    let size = WordEmbeddings.size
    directions = stride(from: 0, to: self.words.count, by: size).map { [words = self.words] start in
      WordVectors.direction(Array(words[start..<start + size]))
    }
  }

  private static func direction(_ vector: [Float]) -> [Float] {
    let length = Rows.dot(vector[...], vector[...]).squareRoot()
    return vector.map { $0 / max(length, 1e-12) }
  }

  /// The logit of a pair.
  func score(_ word: Int, _ context: Int) -> Double {
    let size = WordEmbeddings.size
    return Double(Rows.dot(words[word * size..<(word + 1) * size], contexts[context * size..<(context + 1) * size]))
  }

  /// The five words of the most similar direction; nil if the word is unknown.
  func nearest(to word: String) -> [String]? {
    numbers[word].map { nearest(directions[$0], except: [$0]) }
  }

  /// The words d of the most similar direction to b - a + c: a is to b as c is to d.
  func analogy(_ a: String, _ b: String, _ c: String) -> [String]? {
    let known = [a, b, c].compactMap { numbers[$0] }
    if known.count < 3 { return nil }
    let (first, second, third) = (directions[known[0]], directions[known[1]], directions[known[2]])
    return nearest(first.indices.map { second[$0] - first[$0] + third[$0] }, except: known)
  }

  private func nearest(_ direction: [Float], except: [Int]) -> [String] {
    let similar = directions.map { Rows.dot($0[...], direction[...]) }
    let order = similar.indices.filter { !except.contains($0) }.sorted { similar[$0] > similar[$1] }
    return order.prefix(5).map { vocabulary[$0] }
  }
}
