/// How often each class was taken for each class.
public struct ConfusionMatrix: Sendable, Hashable {
  /// `counts[label][prediction]`.
  public let counts: [[Int]]

  /// Pairs with a class beyond 0 ..< classes are not counted.
  public init(labels: [Int], predictions: [Int], classes: Int) {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    for (label, prediction) in zip(labels, predictions) {
      if (0..<classes).contains(label) && (0..<classes).contains(prediction) { counts[label][prediction] += 1 }
    }
    self.counts = counts
  }

  /// Examples of each class.
  public var support: [Int] { counts.map { $0.reduce(0, +) } }
  /// Predictions of each class.
  public var predicted: [Int] { counts.indices.map { column in counts.reduce(0) { $0 + $1[column] } } }
  private var correct: [Int] { counts.indices.map { counts[$0][$0] } }

  /// The share of all examples whose class was predicted.
  public var accuracy: Proportion { Proportion(of: correct.reduce(0, +), among: support.reduce(0, +)) }

  /// For each class the share of its predictions that are right; 0 where there are none.
  public var precision: [Double] { zip(correct, predicted).map(ConfusionMatrix.ratio) }
  /// For each class the share of its examples that are found; 0 where there are none.
  public var recall: [Double] { zip(correct, support).map(ConfusionMatrix.ratio) }
  /// For each class the harmonic mean of precision and recall; 0 where both are 0.
  public var f1: [Double] {
    counts.indices.map { ConfusionMatrix.ratio(2 * correct[$0], support[$0] + predicted[$0]) }
  }
  /// The mean of the classes' F1.
  public var macroF1: Double { f1.reduce(0, +) / Double(f1.count) }

  private static func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
