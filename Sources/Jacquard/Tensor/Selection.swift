import JacquardCore
import JacquardIR
import JacquardOps

// Results whose number of elements is known only when the graph runs, in tensors of a stated size.

extension Tensor {
  /// The indices of the elements that are not 0, one a row, at most `bound`, then -1; and their number.
  public func nonZero(
    bound: Int, file: String = #fileID, line: Int = #line
  ) -> (indices: Tensor<Int64>, count: Tensor<Int64>) {
    let site = SourceSite(file: file, line: line)
    return (
      unary(site) { try $0.nonZero($1, bound: bound).indices }, unary(site) { try $0.nonZero($1, bound: bound).count }
    )
  }

  /// The different elements in ascending order, at most `bound`, then 0; how often each occurs; which of them each element is;
  /// and their number.
  public func unique(
    bound: Int, file: String = #fileID, line: Int = #line
  ) -> (values: Tensor, counts: Tensor<Int64>, inverse: Tensor<Int64>, count: Tensor<Int64>) {
    let site = SourceSite(file: file, line: line)
    return (
      unary(site) { try $0.unique($1, bound: bound).values }, unary(site) { try $0.unique($1, bound: bound).counts },
      unary(site) { try $0.unique($1, bound: bound).inverse }, unary(site) { try $0.unique($1, bound: bound).count }
    )
  }
}
