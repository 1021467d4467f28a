import JacquardCore
import JacquardIR
import JacquardOps

/// Normalises the last axis to mean 0 and variance 1, then scales and shifts it with parameters `weight` and, if wanted, `bias`.
public final class LayerNorm: Layer, UnaryModule {
  /// The size of the last axis.
  public let size: Int
  /// Added to the variance.
  public let epsilon: Double
  /// Whether the parameter `bias` is added.
  public let hasBias: Bool

  /// The defaults are PyTorch's.
  public init(_ size: Int, epsilon: Double = 1e-5, bias: Bool = true) {
    self.size = size
    self.epsilon = epsilon
    hasBias = bias
  }

  /// - Parameter x: `[..., size]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let weight = g.parameter("weight", S.self, [Dim(size)], Initializer(.ones))
      let bias = hasBias ? [g.parameter("bias", S.self, [Dim(size)], Initializer(.zeros))] : []
      return g.emit([x, weight] + bias, at: nil) { builder, v in
        let shift = try v.count > 2 ? v[2] : builder.fill(0, like: v[1])
        return try builder.layerNorm(v[0], scale: v[1], bias: shift, epsilon: epsilon)
      }
    }
  }

  public var pyTorchTensors: [PyTorchTensor] {
    (hasBias ? ["weight", "bias"] : ["weight"]).map { pyTorchTensor($0, [size]) }
  }
}
