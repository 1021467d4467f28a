import JacquardCore

/// What an expected squared error is made of: bias² + variance + noise (Geman, Bienenstock, Doursat 1992).
public struct BiasVariance: Sendable, Hashable {
  /// The mean over the points of (mean prediction - true value)².
  public let squaredBias: Double
  /// The mean over the points of the variance of the predictions over the training sets, divided by their number.
  public let variance: Double
  /// Variance of the noise on a measured value.
  public let noise: Double

  /// - Parameters:
  ///   - predictions: For each training set one value at each point.
  ///   - truth: The value without noise at each point.
  /// - Throws: `Diagnostic` if there is no training set or point, or they differ in number.
  public init(predictions: [[Double]], truth: [Double], noise: Double) throws(Diagnostic) {
    if predictions.isEmpty || truth.isEmpty { throw Diagnostic("there are no predictions or no points") }
    if predictions.contains(where: { $0.count != truth.count }) {
      throw Diagnostic("each training set must give \(truth.count) predictions")
    }
    let sets = Double(predictions.count)
    var (bias, spread) = (0.0, 0.0)
    for point in truth.indices {
      let mean = predictions.reduce(0) { $0 + $1[point] } / sets
      bias += (mean - truth[point]) * (mean - truth[point])
      spread += predictions.reduce(0) { $0 + ($1[point] - mean) * ($1[point] - mean) } / sets
    }
    squaredBias = bias / Double(truth.count)
    variance = spread / Double(truth.count)
    self.noise = noise
  }

  /// The squared error that fresh noisy measurements have on average.
  public var expectedError: Double { squaredBias + variance + noise }
}
