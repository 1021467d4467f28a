import Foundation
import JacquardCore

// What rows of logits say, one row an example: softmax(logits / temperature).
extension HostTensor {
  /// The probabilities of the classes, row by row.
  ///
  /// - Throws: `Diagnostic` if it is no matrix of floats.
  public func softmaxInRows(temperature: Double = 1) throws(Diagnostic) -> [[Double]] {
    try rows(called: "logits").map { row in
      let scaled = row.map { $0 / temperature }
      let total = logSumExp(scaled)
      return scaled.map { exp($0 - total) }
    }
  }

  /// The mean of -log of the labels' probabilities, in nats.
  ///
  /// - Throws: `Diagnostic` if it is no matrix of floats, or the labels do not fit.
  public func negativeLogLikelihood(of labels: [Int], temperature: Double = 1) throws(Diagnostic) -> Double {
    let rows = try rows(called: "logits")
    try checkLabels(labels, rows: rows.count, classes: sizes[1])
    let losses = zip(rows, labels).map { row, label in
      let scaled = row.map { $0 / temperature }
      return logSumExp(scaled) - scaled[label]
    }
    return losses.reduce(0, +) / Double(losses.count)
  }

  /// The energy -T log sum exp(logits / T) of each row: higher far from the training data (Liu et al. 2020).
  ///
  /// - Throws: `Diagnostic` if it is no matrix of floats.
  public func energyInRows(temperature: Double = 1) throws(Diagnostic) -> [Double] {
    try rows(called: "logits").map { row in -temperature * logSumExp(row.map { $0 / temperature }) }
  }
}

/// log sum exp without overflow; -infinity of nothing.
func logSumExp(_ values: [Double]) -> Double {
  guard let largest = values.max(), largest.isFinite else { return values.max() ?? -.infinity }
  return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
}
