/// Direct factorisations, as textbooks have them.
extension ReferenceMatrix {
  /// The lower factor by Cholesky and Banachiewicz, row by row; nil if the matrix is not positive definite.
  var cholesky: ReferenceMatrix? {
    if !isFinite { return nil }
    var l = ReferenceMatrix(rows, rows)
    for i in 0..<rows {
      for j in 0...i {
        var rest = self[i, j]
        for k in 0..<j { rest -= l[i, k] * l[j, k] }
        if i == j && !(rest > 0) { return nil }
        l[i, j] = i == j ? rest.squareRoot() : rest / l[j, j]
      }
    }
    return l
  }

  /// The solution of `T X = B`, T this matrix's triangle, by substitution; nil if T is singular.
  func solvingTriangle(_ b: ReferenceMatrix, isLower: Bool, hasUnitDiagonal: Bool) -> ReferenceMatrix? {
    var x = b
    if !hasUnitDiagonal && (0..<rows).contains(where: { self[$0, $0] == 0 }) { return nil }
    for i in isLower ? Array(0..<rows) : (0..<rows).reversed() {
      for j in 0..<b.columns {
        var rest = b[i, j]
        for k in isLower ? 0..<i : i + 1..<rows { rest -= self[i, k] * x[k, j] }
        x[i, j] = hasUnitDiagonal ? rest : rest / self[i, i]
      }
    }
    return x
  }

  /// Both factors in one matrix, the order of the rows and its sign, by elimination with the first of the largest pivots.
  var lu: (factors: ReferenceMatrix, order: [Int], sign: Double) {
    var (a, order, sign) = (self, Array(0..<rows), 1.0)
    if !isFinite { return (ReferenceMatrix(rows, rows, fill: .nan), order, sign) }
    for step in 0..<rows {
      var best = step
      for i in step..<rows where a[i, step].magnitude > a[best, step].magnitude { best = i }
      if best != step {
        for j in 0..<rows { (a[step, j], a[best, j]) = (a[best, j], a[step, j]) }
        order.swapAt(step, best)
        sign = -sign
      }
      if a[step, step] == 0 { continue }
      for i in step + 1..<max(rows, step + 1) {
        a[i, step] /= a[step, step]
        for j in step + 1..<rows { a[i, j] -= a[i, step] * a[step, j] }
      }
    }
    return (a, order, sign)
  }

  /// The reduced factors by Householder's reflections; the diagonal of R is not negative.
  var qr: (q: ReferenceMatrix, r: ReferenceMatrix) {
    let count = min(rows, columns)
    if !isFinite { return (ReferenceMatrix(rows, count, fill: .nan), ReferenceMatrix(count, columns, fill: .nan)) }
    var (a, q) = (self, ReferenceMatrix(rows, count))
    var mirrors: [[Double]] = []
    for step in 0..<count {
      var mirror = [Double](repeating: 0, count: step) + (step..<rows).map { a[$0, step] }
      let length = Self.dot(mirror, mirror).squareRoot()
      mirror[step] += mirror[step] < 0 ? -length : length
      a.reflect(mirror)
      mirrors.append(mirror)
    }
    for i in 0..<count { q[i, i] = 1 }
    for mirror in mirrors.reversed() { q.reflect(mirror) }
    var r = ReferenceMatrix(count, columns)
    for i in 0..<count {
      let sign: Double = a[i, i] < 0 ? -1 : 1
      for j in i..<columns { r[i, j] = sign * a[i, j] }
      q.setColumn(i, q.column(i).map { sign * $0 })
    }
    return (q, r)
  }

  /// Every column mirrored at the plane that is normal to a vector.
  private mutating func reflect(_ normal: [Double]) {
    let square = Self.dot(normal, normal)
    if square == 0 { return }
    for j in 0..<columns {
      let old = column(j)
      let part = 2 * Self.dot(normal, old) / square
      setColumn(j, zip(old, normal).map { $0 - part * $1 })
    }
  }
}
