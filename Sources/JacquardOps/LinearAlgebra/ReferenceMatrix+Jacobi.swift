/// Eigenvalues and singular values by Jacobi's rotations.
extension ReferenceMatrix {
  /// Sweeps after which rotations end: some ten are enough.
  private static let sweeps = 80

  /// The cosine and sine of the rotation that makes `cross` vanish between two squares.
  private static func rotation(_ first: Double, _ second: Double, _ cross: Double) -> (cosine: Double, sine: Double) {
    let slope = (second - first) / (2 * cross)
    let root = slope.magnitude + (1 + slope * slope).squareRoot()
    let tangent = (slope < 0 ? -1 : 1) / root
    let cosine = 1 / (1 + tangent * tangent).squareRoot()
    return (cosine, cosine * tangent)
  }

  private mutating func rotateColumns(_ p: Int, _ q: Int, _ turn: (cosine: Double, sine: Double)) {
    for i in 0..<rows {
      let (x, y) = (self[i, p], self[i, q])
      self[i, p] = turn.cosine * x - turn.sine * y
      self[i, q] = turn.sine * x + turn.cosine * y
    }
  }

  /// Eigenvalues, ascending, and eigenvectors of a symmetric matrix; NaN if it is not finite.
  var eigh: (values: [Double], vectors: ReferenceMatrix) {
    if !isFinite { return ([Double](repeating: .nan, count: rows), ReferenceMatrix(rows, rows, fill: .nan)) }
    var (a, v) = (self, ReferenceMatrix(identity: rows))
    let size = ReferenceMatrix.dot(values, values).squareRoot()
    for _ in 0..<Self.sweeps {
      var rotated = false
      for p in 0..<rows {
        for q in p + 1..<max(rows, p + 1) where a[p, q].magnitude > 1e-17 * size {
          let turn = Self.rotation(a[p, p], a[q, q], a[p, q])
          a.rotateColumns(p, q, turn)
          a = a.transposed
          a.rotateColumns(p, q, turn)
          v.rotateColumns(p, q, turn)
          rotated = true
        }
      }
      if !rotated { break }
    }
    let order = (0..<rows).sorted { a[$0, $0] < a[$1, $1] }
    var vectors = v.picking(order)
    for j in 0..<rows {
      let column = vectors.column(j)
      let sign = Self.leadingSign(column)
      vectors.setColumn(j, column.map { sign * $0 })
    }
    return (order.map { a[$0, $0] }, vectors)
  }

  /// The reduced factors by rotations of columns until they are at right angles (Hestenes, 1958); NaN if it is not finite.
  var svd: (u: ReferenceMatrix, s: [Double], vt: ReferenceMatrix) {
    let count = min(rows, columns)
    if !isFinite {
      let (u, vt) = (ReferenceMatrix(rows, count, fill: .nan), ReferenceMatrix(count, columns, fill: .nan))
      return (u, [Double](repeating: .nan, count: count), vt)
    }
    var (left, s, right) = rows < columns ? transposed.tallSVD : tallSVD
    if rows < columns { (left, right) = (right, left) }
    for j in 0..<count {
      let column = left.column(j)
      let sign = Self.leadingSign(column)
      left.setColumn(j, column.map { sign * $0 })
      right.setColumn(j, right.column(j).map { sign * $0 })
    }
    return (left, s, right.transposed)
  }

  /// Of a matrix with at least as many rows as columns; signs as they come.
  private var tallSVD: (u: ReferenceMatrix, s: [Double], v: ReferenceMatrix) {
    var (w, v) = (self, ReferenceMatrix(identity: columns))
    for _ in 0..<Self.sweeps {
      var rotated = false
      for p in 0..<columns {
        for q in p + 1..<max(columns, p + 1) {
          let (x, y) = (w.column(p), w.column(q))
          let (first, second, cross) = (Self.dot(x, x), Self.dot(y, y), Self.dot(x, y))
          if cross.magnitude <= 1e-15 * (first * second).squareRoot() { continue }
          let turn = Self.rotation(first, second, cross)
          w.rotateColumns(p, q, turn)
          v.rotateColumns(p, q, turn)
          rotated = true
        }
      }
      if !rotated { break }
    }
    let lengths = (0..<columns).map { Self.dot(w.column($0), w.column($0)).squareRoot() }
    let order = (0..<columns).sorted { lengths[$0] > lengths[$1] }
    let (s, sorted) = (order.map { lengths[$0] }, w.picking(order))
    return (sorted.normalized(s), s, v.picking(order))
  }

  /// Columns divided by their lengths; ones without a length become whatever is at right angles to all others.
  private func normalized(_ lengths: [Double]) -> ReferenceMatrix {
    let least = 1e-15 * Double(rows) * (lengths.first ?? 0)
    var result = ReferenceMatrix(rows, columns)
    var next = 0
    for j in 0..<columns {
      var candidate = column(j).map { $0 / lengths[j] }
      while lengths[j] <= least && next < rows {
        candidate = result.remainder(ofUnit: next, before: j)
        next += 1
        let length = Self.dot(candidate, candidate).squareRoot()
        candidate = candidate.map { $0 / length }
        if length > 0.1 / Double(rows) { break }
      }
      result.setColumn(j, candidate)
    }
    return result
  }

  /// What of a unit vector is at right angles to the first columns.
  private func remainder(ofUnit index: Int, before count: Int) -> [Double] {
    var rest = (0..<rows).map { $0 == index ? 1.0 : 0 }
    for _ in 0..<2 {
      for j in 0..<count {
        let (other, part) = (column(j), Self.dot(column(j), rest))
        rest = zip(rest, other).map { $0 - part * $1 }
      }
    }
    return rest
  }
}
