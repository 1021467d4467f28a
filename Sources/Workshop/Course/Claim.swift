import Foundation

/// How a figure is written.
enum NumberStyle: String, Sendable {
  /// Four significant digits.
  case number
  /// A fraction as percent.
  case percent
  case integer

  func text(_ value: Double) -> String {
    switch self {
    case .number: String(format: "%.4g", value)
    case .percent: String(format: "%.1f %%", value * 100)
    case .integer: value.isFinite ? String(format: "%.0f", value) : "\(value)"
    }
  }
}

/// What became of a claim.
enum ClaimStatus: String, Sendable, CaseIterable {
  case pass
  case fail
  /// What the course claims, and the figures contradict.
  case refuted
  case skipped
}

/// A statement with its figure and its bound.
struct Claim: Sendable {
  /// Name within the exercise, the same in every language.
  let key: String
  let text: String
  /// Nil if it was skipped.
  var figure: Double?
  var style = NumberStyle.number
  /// 95 % interval of the figure, where there is one.
  var interval: ClosedRange<Double>?
  var test: Bound.Test?
  var status: ClaimStatus
  var reason: String?

  var figureText: String {
    guard let figure else { return "-" }
    if test == .isTrue { return figure == 1 ? "true" : "false" }
    guard let interval else { return style.text(figure) }
    return "\(style.text(figure)) [\(style.text(interval.lowerBound)), \(style.text(interval.upperBound))]"
  }

  var boundText: String {
    switch test {
    case nil: "-"
    case .atLeast(let bound): ">= \(style.text(bound))"
    case .atMost(let bound): "<= \(style.text(bound))"
    case .within(let range): "\(style.text(range.lowerBound)) .. \(style.text(range.upperBound))"
    case .equal(let value, let tolerance):
      tolerance == 0 ? "= \(style.text(value))" : "= \(style.text(value)) +- \(NumberStyle.number.text(tolerance))"
    case .isTrue: "true"
    }
  }
}
