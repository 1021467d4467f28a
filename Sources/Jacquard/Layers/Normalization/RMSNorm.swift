import JacquardCore
import JacquardIR
import JacquardOps

/// Divides the last axis by its root mean square, then scales it with the parameter `weight`.
public final class RMSNorm: Layer, UnaryModule {
  /// The size of the last axis.
  public let size: Int
  /// Added to the mean square; nil for the distance from 1 to the next number of the type, as in PyTorch.
  public let epsilon: Double?

  /// The default is PyTorch's.
  public init(_ size: Int, epsilon: Double? = nil) {
    self.size = size
    self.epsilon = epsilon
  }

  /// - Parameter x: `[..., size]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let weight = g.parameter("weight", S.self, [Dim(size)], Initializer(.ones))
      return g.emit([x, weight], at: nil) {
        try $0.rmsNorm($1[0], scale: $1[1], epsilon: epsilon ?? Double(S.ulpOfOne))
      }
    }
  }

  public var pyTorchTensors: [PyTorchTensor] { [pyTorchTensor("weight", [size])] }
}
