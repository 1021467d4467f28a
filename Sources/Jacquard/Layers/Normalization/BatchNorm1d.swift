import JacquardCore

/// Normalises each channel of `[N, channels]` or `[N, channels, length]` over all other axes, then scales and shifts it with parameters `weight` and `bias`.
///
/// In training it uses the batch's mean and variance, moves the states `running_mean` and `running_var` (the unbiased variance)
/// towards them by `momentum`, and counts the batch in `num_batches_tracked`; in evaluation it uses the states. Names, defaults and
/// convention of momentum are PyTorch's.
public final class BatchNorm1d: Layer, UnaryModule {
  let normalization: BatchNormalization

  /// - Parameters:
  ///   - epsilon: Added to the variance.
  ///   - momentum: The new statistics' share of the running ones.
  public init(_ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1) {
    normalization = BatchNormalization(channels: channels, epsilon: epsilon, momentum: momentum, ranks: 2...3)
  }

  /// - Parameter x: `[N, channels]` or `[N, channels, length]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in normalization(g, x) }
  }

  public var pyTorchTensors: [PyTorchTensor] { normalization.pyTorchTensors(self) }
}
