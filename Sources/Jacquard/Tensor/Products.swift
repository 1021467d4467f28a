import JacquardCore
import JacquardIR
import JacquardOps

/// The matrix product of the last two axes; axes before them are broadcast (NumPy's rule).
public func matmul<S: TensorFloat>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.matmul($1, $2) }
}

/// A sum of products in Einstein's notation: `einsum("bij,bjk->bik", a, b)`.
public func einsum<S: TensorFloat>(
  _ formula: String, _ first: Tensor<S>, _ rest: Tensor<S>..., file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  first.context.emit([first] + rest, at: SourceSite(file: file, line: line)) { try $0.einsum(formula, $1) }
}

extension Tensor where Scalar: TensorFloat {
  /// The matrix product of the last two axes; axes before them are broadcast (NumPy's rule).
  public func matmul(_ other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor {
    binary(other, SourceSite(file: file, line: line)) { try $0.matmul($1, $2) }
  }
}
