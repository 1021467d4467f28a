import Foundation
import JacquardCore

/// One number by which logits are divided, so that confidence is accuracy (Guo et al. 2017). It moves no prediction.
public struct TemperatureScaling: Sendable, Hashable {
  /// Above 1 where the logits are too confident.
  public let temperature: Double
  /// Mean negative log-likelihood at the temperature, in nats.
  public let loss: Double
  /// |dNLL / d log T| at the temperature.
  public let gradient: Double
  /// Newton steps that were made, at most 100.
  public let iterations: Int

  /// The temperature at which the likelihood of the labels is largest, by Newton's method on log T from T = 1.
  ///
  /// - Parameters:
  ///   - logits: `[N, classes]` of data that the model was not trained on.
  ///   - tolerance: Of the gradient.
  /// - Throws: `Diagnostic` if the logits are no matrix of floats, the labels do not fit, or there is no finite optimum (all
  ///   predictions right, or worse than chance).
  public init(fitting logits: HostTensor, labels: [Int], tolerance: Double = 1e-9) throws(Diagnostic) {
    let rows = try logits.rows(called: "logits")
    try checkLabels(labels, rows: rows.count, classes: logits.sizes[1])
    try TemperatureScaling.checkOptimum(rows, labels)
    var logT = 0.0
    var state = TemperatureScaling.derivatives(rows, labels, logT)
    var steps = 0
    while abs(state.gradient) > tolerance && steps < 100 {
      var step = -state.gradient / (state.curvature > 0 ? state.curvature : 1)
      step = min(max(step, -1), 1)
      var next = TemperatureScaling.derivatives(rows, labels, logT + step)
      while !(next.loss <= state.loss) && abs(step) > 1e-12 {
        step /= 2
        next = TemperatureScaling.derivatives(rows, labels, logT + step)
      }
      logT += step
      state = next
      steps += 1
      if abs(step) <= 1e-12 { break }
    }
    guard abs(state.gradient) < 1e-5 else {
      throw Diagnostic("Newton's method stopped where |dNLL/dlogT| is \(abs(state.gradient))", kind: .runtime)
    }
    temperature = exp(logT)
    (loss, gradient, iterations) = (state.loss, abs(state.gradient), steps)
  }

  /// The loss is convex in 1 / T: it has its least value between 0 and infinity if it falls at 0 and does not fall for ever.
  private static func checkOptimum(_ rows: [[Double]], _ labels: [Int]) throws(Diagnostic) {
    var (isRight, slope) = (true, 0.0)
    for (row, label) in zip(rows, labels) {
      isRight = isRight && row[label] == row.max()
      slope += row[label] - row.reduce(0, +) / Double(row.count)
    }
    if isRight { throw Diagnostic("no finite temperature fits best: every prediction is right") }
    if slope <= 0 { throw Diagnostic("no finite temperature fits best: the logits are no better than chance") }
  }

  /// With u = logits / T and p = softmax(u): NLL = mean(log sum exp u - u_y), its derivative by log T is mean(u_y - E_p u),
  /// the second one mean(Var_p u - (u_y - E_p u)).
  private static func derivatives(
    _ rows: [[Double]], _ labels: [Int], _ logT: Double
  ) -> (loss: Double, gradient: Double, curvature: Double) {
    let factor = exp(-logT)
    var (loss, gradient, curvature) = (0.0, 0.0, 0.0)
    for (row, label) in zip(rows, labels) {
      let u = row.map { $0 * factor }
      let total = logSumExp(u)
      var (mean, square) = (0.0, 0.0)
      for value in u {
        let p = exp(value - total)
        mean += p * value
        square += p * value * value
      }
      loss += total - u[label]
      gradient += u[label] - mean
      curvature += square - mean * mean - (u[label] - mean)
    }
    let n = Double(max(1, rows.count))
    return (loss / n, gradient / n, curvature / n)
  }
}
