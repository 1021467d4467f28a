import JacquardCore
import JacquardIR
import JacquardOps

/// x · weight + bias, over the last axis.
///
/// The weight is `[inputs, outputs]` (PyTorch's is the transpose). Both start as in PyTorch's `nn.Linear`: drawn evenly
/// from ±1/sqrt(inputs).
public final class Linear: Layer, UnaryModule {
  /// The last size of what comes in.
  public let inputs: Int
  /// The last size of what goes out.
  public let outputs: Int
  /// Whether the parameter `bias` `[outputs]` is added.
  public let hasBias: Bool
  let weightStart: Initializer
  let biasStart: Initializer

  /// - Parameters:
  ///   - weight: How the weight starts, if not as PyTorch's.
  ///   - biasStart: How the bias starts, if not as PyTorch's.
  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, weight: Initializer = Initializer(.kaimingUniform),
    biasStart: Initializer? = nil
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.hasBias = bias
    weightStart = weight
    // A bias has no fan-in of its own: the bound is written out.
    let bound = inputs > 0 ? 1 / Double(inputs).squareRoot() : 0
    self.biasStart = biasStart ?? Initializer(.uniform, low: -bound, high: bound)
  }

  /// - Parameter x: `[..., inputs]`.
  /// - Returns: `[..., outputs]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let product = matmul(x, g.parameter("weight", S.self, [Dim(inputs), Dim(outputs)], weightStart))
      if !hasBias { return product }
      return product + g.parameter("bias", S.self, [Dim(outputs)], biasStart)
    }
  }

  public var pyTorchTensors: [PyTorchTensor] {
    [pyTorchTensor("weight", [inputs, outputs], transposed: true)]
      + (hasBias ? [pyTorchTensor("bias", [outputs])] : [])
  }
}
