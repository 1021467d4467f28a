import JacquardCore
import JacquardIR

extension GraphBuilder {
  /// Matrix product by NumPy's rule: the last two axes are matrices, the others broadcast; a vector on the left is a row, on
  /// the right a column, and its axis vanishes.
  ///
  /// - Throws: `Diagnostic` with tag `matmul.c1` for a scalar operand, `matmul.c2` if the leading axes do not broadcast,
  ///   or the constraint of `dot` that is violated.
  public func matmul(_ a: ValueID, _ b: ValueID) throws -> ValueID {
    let (left, right) = (shape(a).rank, shape(b).rank)
    if left == 0 || right == 0 {
      throw matmulError("operands \(type(a)) and \(type(b)) need at least one axis each", "matmul.c1")
    }
    // Where one operand has no leading axes to match, one product does it all.
    if right <= 2 { return try dot(a, b, lhsContracting: [left - 1], rhsContracting: [0]) }
    if left == 1 { return try dot(a, b, lhsContracting: [0], rhsContracting: [right - 2]) }
    let (leads, tails) = ((lead(a), lead(b)), (tail(a), tail(b)))
    guard let common = leads.0.broadcast(with: leads.1) else {
      throw matmulError("leading axes of \(type(a)) and \(type(b)) do not broadcast", "matmul.c2")
    }
    let batch = Array(0..<common.rank)
    return try dot(
      broadcast(a, to: Shape(common.dims + tails.0)), broadcast(b, to: Shape(common.dims + tails.1)),
      lhsBatch: batch, rhsBatch: batch, lhsContracting: [common.rank + 1], rhsContracting: [common.rank])
  }

  private func lead(_ x: ValueID) -> Shape { Shape(Array(shape(x).dims.dropLast(2))) }
  private func tail(_ x: ValueID) -> [Dim] { Array(shape(x).dims.suffix(2)) }

  private func matmulError(_ message: String, _ constraint: String) -> Diagnostic {
    Diagnostic("matmul: \(message)", constraint: constraint, site: origins.lazy.compactMap(\.site).first)
  }
}
