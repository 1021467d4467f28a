import JacquardCore
import JacquardIR
import JacquardOps

// Functions of the matrices of the last two axes, f32 or f64; axes before them are batch axes.

/// The lower triangular factor of each symmetric positive definite matrix; another one ends the step with an error.
public func cholesky<S: TensorFloat>(_ a: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  a.unary(SourceSite(file: file, line: line)) { try $0.cholesky($1) }
}

/// The X of `T X = B`, or of `Tᵀ X = B`, where T is the lower or upper triangle of `a`; a 0 on its diagonal ends the step.
public func triangularSolve<S: TensorFloat>(
  _ a: Tensor<S>, _ b: Tensor<S>, lower: Bool = true, transposed: Bool = false, unitDiagonal: Bool = false,
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) {
    try $0.triangularSolve($1, $2, lower: lower, transposed: transposed, unitDiagonal: unitDiagonal)
  }
}

/// The factors of `A[order] = L U` in one matrix, the order of the rows, and its sign.
public func lu<S: TensorFloat>(
  _ a: Tensor<S>, file: String = #fileID, line: Int = #line
) -> (factors: Tensor<S>, order: Tensor<Int64>, sign: Tensor<S>) {
  let site = SourceSite(file: file, line: line)
  return (
    a.unary(site) { try $0.lu($1).factors }, a.unary(site) { try $0.lu($1).order }, a.unary(site) { try $0.lu($1).sign }
  )
}

/// The reduced factors of `A = Q R`: Q with orthonormal columns, R upper triangular with a diagonal that is not negative.
public func qr<S: TensorFloat>(
  _ a: Tensor<S>, file: String = #fileID, line: Int = #line
) -> (q: Tensor<S>, r: Tensor<S>) {
  let site = SourceSite(file: file, line: line)
  return (a.unary(site) { try $0.qr($1).q }, a.unary(site) { try $0.qr($1).r })
}

/// The eigenvalues, ascending, and the eigenvectors, one a column, of each symmetric matrix.
public func eigh<S: TensorFloat>(
  _ a: Tensor<S>, file: String = #fileID, line: Int = #line
) -> (values: Tensor<S>, vectors: Tensor<S>) {
  let site = SourceSite(file: file, line: line)
  return (a.unary(site) { try $0.eigh($1).values }, a.unary(site) { try $0.eigh($1).vectors })
}

/// The reduced factors of `A = U diag(s) Vᵀ`, s descending.
public func svd<S: TensorFloat>(
  _ a: Tensor<S>, file: String = #fileID, line: Int = #line
) -> (u: Tensor<S>, s: Tensor<S>, vt: Tensor<S>) {
  let site = SourceSite(file: file, line: line)
  return (
    a.unary(site) { try $0.svd($1).u }, a.unary(site) { try $0.svd($1).s }, a.unary(site) { try $0.svd($1).vt }
  )
}

/// The X of `A X = B`; a singular A ends the step with an error.
public func solve<S: TensorFloat>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.solve($1, $2) }
}

/// The X for which the sum of squares of `A X - B` is least; A has full rank and at least as many rows as columns.
public func leastSquares<S: TensorFloat>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.leastSquares($1, $2) }
}

extension Tensor where Scalar: TensorFloat {
  /// The inverse of each square matrix; a singular one ends the step with an error.
  public func inverse(file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.inverse($1) }
  }

  /// The determinant of each square matrix.
  public func determinant(file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.determinant($1) }
  }

  /// The sign of the determinant of each square matrix, and the logarithm of its absolute value.
  public func logAbsDeterminant(
    file: String = #fileID, line: Int = #line
  ) -> (sign: Tensor, logarithm: Tensor) {
    let site = SourceSite(file: file, line: line)
    return (
      unary(site) { try $0.logAbsDeterminant($1).sign }, unary(site) { try $0.logAbsDeterminant($1).logarithm }
    )
  }
}
