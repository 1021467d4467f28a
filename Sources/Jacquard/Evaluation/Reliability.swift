import JacquardCore

/// Whether confidence is accuracy: examples in bins of confidence (Guo et al. 2017).
public struct Reliability: Sendable, Hashable {
  /// Examples whose confidence lies in an interval that is open below and closed above; the first one holds 0 too.
  public struct Bin: Sendable, Hashable {
    /// Its least and greatest confidence.
    public let range: ClosedRange<Double>
    /// The number of examples in it.
    public let count: Int
    /// The mean confidence; NaN if the bin is empty.
    public let confidence: Double
    /// The share that is right; NaN if the bin is empty.
    public let accuracy: Double
  }

  /// From the least confidence to the greatest, of equal width.
  public let bins: [Bin]

  /// - Parameters:
  ///   - confidences: From 0 to 1.
  ///   - correct: Whether each prediction is right.
  ///   - bins: How many of equal width.
  public init(confidences: [Double], correct: [Bool], bins: Int = 10) {
    var sums = [(count: Int, confidence: Double, correct: Int)](repeating: (0, 0, 0), count: max(1, bins))
    for (confidence, isCorrect) in zip(confidences, correct) where !confidence.isNaN {
      let place = (confidence * Double(sums.count)).rounded(.up) - 1
      let index = Int(min(max(place, 0), Double(sums.count - 1)))
      sums[index].count += 1
      sums[index].confidence += confidence
      sums[index].correct += isCorrect ? 1 : 0
    }
    self.bins = sums.enumerated().map { index, sum in
      let (low, high) = (Double(index) / Double(sums.count), Double(index + 1) / Double(sums.count))
      return Bin(
        range: low...high, count: sum.count, confidence: sum.confidence / Double(sum.count),
        accuracy: Double(sum.correct) / Double(sum.count))
    }
  }

  /// Of the most probable class of each row.
  ///
  /// - Throws: `Diagnostic` if the logits are no matrix of floats, or the labels do not fit.
  public init(logits: HostTensor, labels: [Int], temperature: Double = 1, bins: Int = 10) throws(Diagnostic) {
    let probabilities = try logits.softmaxInRows(temperature: temperature)
    try checkLabels(labels, rows: probabilities.count, classes: logits.sizes[1])
    let correct = zip(logits.largestInRows(), labels).map { $0 == $1 }
    self.init(confidences: probabilities.map { $0.max() ?? 0 }, correct: correct, bins: bins)
  }

  /// ECE: the mean of |accuracy - confidence| over the bins, weighted by their examples.
  public var expectedCalibrationError: Double {
    let filled = bins.filter { $0.count > 0 }
    let total = filled.reduce(0) { $0 + $1.count }
    return filled.reduce(0) { $0 + Double($1.count) * abs($1.accuracy - $1.confidence) } / Double(max(1, total))
  }
}
