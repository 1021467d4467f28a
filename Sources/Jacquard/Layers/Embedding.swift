import JacquardCore
import JacquardIR
import JacquardOps

/// A table of vectors, one for each of `count` numbers; starts normally distributed, as PyTorch's.
public final class Embedding: Layer {
  /// Vectors in the table: legal numbers are `0 ..< count`.
  public let count: Int
  /// Elements of each vector.
  public let size: Int

  /// A table `[count, size]`, the parameter `weight`.
  public init(_ count: Int, _ size: Int) {
    self.count = count
    self.size = size
  }

  /// - Parameter indices: Whole numbers in `0 ..< count`, any shape. Others end the step with an error.
  /// - Returns: `[..., size]`.
  public func callAsFunction<S: TensorFloat, I: TensorScalar>(
    _ indices: Tensor<I>, as type: S.Type = Float.self, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: indices, file, line) { g in
      let start = Initializer(.normal, mean: 0, deviation: 1)
      return g.parameter("weight", S.self, [Dim(count), Dim(size)], start).gathered(indices, axis: 0)
    }
  }

  public var pyTorchTensors: [PyTorchTensor] { [pyTorchTensor("weight", [count, size])] }
}
