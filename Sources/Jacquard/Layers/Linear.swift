import JacquardCore
import JacquardIR
import JacquardOps

/// x · weight + bias, over the last axis.
///
/// The weight is `[inputs, outputs]` (PyTorch's is the transpose). Both start as in PyTorch's `nn.Linear`: drawn evenly
/// from ±1/sqrt(inputs).
public final class Linear: Layer, UnaryModule {
  public let inputs: Int
  public let outputs: Int
  public let hasBias: Bool
  let weight: Initializer

  /// - Parameters:
  ///   - weight: How the weight starts, if not as PyTorch's.
  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, weight: Initializer = Initializer(.kaimingUniform)
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.hasBias = bias
    self.weight = weight
  }

  /// - Parameter x: `[..., inputs]`.
  /// - Returns: `[..., outputs]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let product = matmul(x, g.parameter("weight", S.self, [Dim(inputs), Dim(outputs)], weight))
      if !hasBias { return product }
      return product + g.parameter("bias", S.self, [Dim(outputs)], biasInitializer)
    }
  }

  /// A bias has no fan-in of its own: the bound is written out.
  private var biasInitializer: Initializer {
    let bound = inputs > 0 ? 1 / Double(inputs).squareRoot() : 0
    return Initializer(.uniform, low: -bound, high: bound)
  }
}
