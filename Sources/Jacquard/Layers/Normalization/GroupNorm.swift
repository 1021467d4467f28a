import JacquardCore
import JacquardIR
import JacquardOps

/// Normalises groups of channels of each example of `[N, channels, ...]`, then scales and shifts each channel with parameters
/// `weight` and `bias`.
public final class GroupNorm: Layer, UnaryModule {
  /// How many groups of equal size the channels form; divides `channels`.
  public let groups: Int
  /// The size of axis 1.
  public let channels: Int
  /// Added to the variance.
  public let epsilon: Double

  /// The default is PyTorch's.
  public init(_ groups: Int, _ channels: Int, epsilon: Double = 1e-5) {
    self.groups = groups
    self.channels = channels
    self.epsilon = epsilon
  }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let weight = g.parameter("weight", S.self, [Dim(channels)], Initializer(.ones))
      let bias = g.parameter("bias", S.self, [Dim(channels)], Initializer(.zeros))
      return g.emit([x, weight, bias], at: nil) {
        try $0.groupNorm($1[0], scale: $1[1], bias: $1[2], groups: groups, epsilon: epsilon)
      }
    }
  }

  public var pyTorchTensors: [PyTorchTensor] { ["weight", "bias"].map { pyTorchTensor($0, [channels]) } }
}
