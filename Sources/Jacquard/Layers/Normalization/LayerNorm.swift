import JacquardCore
import JacquardIR
import JacquardOps

/// Normalises the last axis to mean 0 and variance 1, then scales and shifts it with parameters `weight` and `bias`.
public final class LayerNorm: Layer, UnaryModule {
  public let size: Int
  /// Added to the variance.
  public let epsilon: Double

  public init(_ size: Int, epsilon: Double = 1e-5) {
    self.size = size
    self.epsilon = epsilon
  }

  /// - Parameter x: `[..., size]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let weight = g.parameter("weight", S.self, [Dim(size)], Initializer(.ones))
      let bias = g.parameter("bias", S.self, [Dim(size)], Initializer(.zeros))
      return g.emit([x, weight, bias], at: nil) {
        try $0.layerNorm($1[0], scale: $1[1], bias: $1[2], epsilon: epsilon)
      }
    }
  }

  public var pyTorchTensors: [PyTorchTensor] { ["weight", "bias"].map { pyTorchTensor($0, [size]) } }
}
