import Foundation
import Jacquard

/// A normal distribution of one number.
struct Gaussian {
  let mean: Double
  /// Standard deviation.
  let deviation: Double

  init(mean: Double, deviation: Double) {
    self.mean = mean
    self.deviation = deviation
  }

  /// The one under which values are likeliest: their mean, and their variance divided by N.
  init(fitting values: [Double]) {
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    self.init(mean: mean, deviation: (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot())
  }

  /// log p(x) = -(x - m)² / (2 s²) - log s - log(2 pi) / 2.
  func logDensity(_ x: Double) -> Double {
    let z = (x - mean) / deviation
    return -z * z / 2 - log(deviation) - log(2 * .pi) / 2
  }

  /// The same for each element of a tensor.
  func logDensity(_ x: Tensor<Double>) -> Tensor<Double> {
    let z = (x - mean) / deviation
    return z * z * -0.5 - (log(deviation) + log(2 * .pi) / 2)
  }

  /// The mean of -log p(x) over p itself: log(2 pi e s²) / 2.
  var entropy: Double { (log(2 * .pi * deviation * deviation) + 1) / 2 }

  /// KL(self || q) = log(s_q / s_p) + (s_p² + (m_p - m_q)²) / (2 s_q²) - 1/2.
  func divergence(from q: Gaussian) -> Double {
    let (ratio, shift) = (deviation / q.deviation, (mean - q.mean) / q.deviation)
    return -log(ratio) + (ratio * ratio + shift * shift - 1) / 2
  }
}
