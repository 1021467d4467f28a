/// A share of a number of trials, such as an accuracy, and how far it may be off.
public struct Proportion: Sendable, Hashable {
  /// In how many trials it happened.
  public let successes: Int
  /// How many there were.
  public let trials: Int

  /// - Precondition: 0 <= successes <= trials.
  public init(of successes: Int, among trials: Int) {
    precondition(0 <= successes && successes <= trials, "\(successes) of \(trials) is no proportion")
    self.successes = successes
    self.trials = trials
  }

  /// The share of predictions that equal their label. Counts as many as both have.
  public init(correct predictions: [Int], _ labels: [Int]) {
    self.init(of: zip(predictions, labels).count { $0 == $1 }, among: min(predictions.count, labels.count))
  }

  /// NaN without trials.
  public var value: Double { Double(successes) / Double(trials) }

  /// Wilson's score interval (Wilson 1927), which holds near 0 and 1 too; 0 ... 1 without trials.
  ///
  /// - Parameter z: Quantile of the normal distribution: 1.96 for 95 %.
  public func interval(z: Double = 1.959963984540054) -> ClosedRange<Double> {
    if trials == 0 { return 0...1 }
    let (n, p) = (Double(trials), value)
    let centre = p + z * z / (2 * n)
    let margin = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    return max(0, (centre - margin) / scale)...min(1, (centre + margin) / scale)
  }
}
