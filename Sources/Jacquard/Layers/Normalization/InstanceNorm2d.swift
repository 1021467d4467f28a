import JacquardCore
import JacquardIR
import JacquardOps

/// Normalises each channel of each example of `[N, channels, height, width]` over space; if affine, then scales and shifts each channel
/// with parameters `weight` and `bias`.
///
/// As PyTorch's default, it has no running statistics and does the same in training and evaluation.
public final class InstanceNorm2d: Layer, UnaryModule {
  /// The size of axis 1.
  public let channels: Int
  /// Added to the variance.
  public let epsilon: Double
  /// Whether parameters `weight` and `bias` scale and shift each channel.
  public let isAffine: Bool

  /// The defaults are PyTorch's.
  public init(_ channels: Int, epsilon: Double = 1e-5, affine: Bool = false) {
    self.channels = channels
    self.epsilon = epsilon
    isAffine = affine
  }

  /// - Parameter x: `[N, channels, height, width]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let shape: Shape = [Dim(channels)]
      let scale = isAffine ? g.parameter("weight", S.self, shape, Initializer(.ones)) : g.ones(shape)
      let bias = isAffine ? g.parameter("bias", S.self, shape, Initializer(.zeros)) : g.zeros(shape)
      return g.emit([x, scale, bias], at: nil) { builder, v in
        if builder.shape(v[0]).rank != 4 {
          throw Diagnostic("InstanceNorm2d takes [batch, channels, height, width], not \(builder.shape(v[0]))")
        }
        return try builder.instanceNorm(v[0], scale: v[1], bias: v[2], epsilon: epsilon)
      }
    }
  }

  public var pyTorchTensors: [PyTorchTensor] {
    isAffine ? ["weight", "bias"].map { pyTorchTensor($0, [channels]) } : []
  }
}

extension GraphContext {
  /// A tensor of ones, for layers.
  func ones<S: TensorFloat>(_ shape: Shape) -> Tensor<S> { emit([], at: nil) { b, _ in try b.ones(shape, S.dtype) } }

  /// A tensor of zeros, for layers.
  func zeros<S: TensorFloat>(_ shape: Shape) -> Tensor<S> { emit([], at: nil) { b, _ in try b.zeros(shape, S.dtype) } }
}
