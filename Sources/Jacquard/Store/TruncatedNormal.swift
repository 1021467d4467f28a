import Foundation

/// The normal distribution cut to an interval: draws outside count as not drawn.
struct TruncatedNormal: Hashable {
  let mean: Double
  let deviation: Double
  let low: Double
  let high: Double

  /// The value below which a part p of the distribution lies.
  func quantile(_ p: Double) -> Double {
    let (from, to) = (Self.below((low - mean) / deviation), Self.below((high - mean) / deviation))
    let value = mean + deviation * Self.inverse(from + p * (to - from))
    return Swift.min(Swift.max(value, low), high)
  }

  /// The part of N(0, 1) below a number.
  static func below(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

  /// The number below which a part of N(0, 1) lies: Acklam's rational approximation (relative error 1.15e-9), then one step of Halley's
  /// method, which makes it exact to rounding.
  static func inverse(_ p: Double) -> Double {
    if p <= 0 { return -.infinity }
    if p >= 1 { return .infinity }
    let start = p < 0.02425 ? tail(p) : p > 1 - 0.02425 ? -tail(1 - p) : centre(p - 0.5)
    let error = (below(start) - p) * (2 * Double.pi).squareRoot() * exp(start * start / 2)
    return start - error / (1 + start * error / 2)
  }

  private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
    coefficients.reduce(0) { $0 * x + $1 }
  }

  private static let centreTop = [
    -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02,
    -3.066479806614716e+01,
    2.506628277459239e+00,
  ]
  private static let centreBottom = [
    -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
    -1.328068155288572e+01, 1,
  ]
  private static let tailTop = [
    -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00,
    4.374664141464968e+00,
    2.938163982698783e+00,
  ]
  private static let tailBottom = [
    7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1,
  ]

  private static func centre(_ q: Double) -> Double {
    let r = q * q
    return q * polynomial(centreTop, r) / polynomial(centreBottom, r)
  }

  private static func tail(_ p: Double) -> Double {
    let q = (-2 * log(p)).squareRoot()
    return polynomial(tailTop, q) / polynomial(tailBottom, q)
  }
}
