/// Singular values by one-sided Jacobi rotations (Hestenes 1958): pairs of columns are rotated until all are orthogonal; their
/// lengths are then the singular values.
enum SingularValues {
  /// - Parameter matrix: Row by row.
  /// - Returns: One for each column, descending.
  static func of(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
    var turned = (0..<columns).flatMap { column in (0..<rows).map { matrix[$0 * columns + column] } }
    turned.withUnsafeMutableBufferPointer { values in
      for _ in 0..<40 where sweep(values, rows, columns) < 1e-15 { break }
    }
    return (0..<columns).map { column in
      turned[column * rows..<(column + 1) * rows].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }.sorted(by: >)
  }

  /// Every pair once. - Returns: The largest cosine between two columns.
  private static func sweep(_ values: UnsafeMutableBufferPointer<Double>, _ rows: Int, _ columns: Int) -> Double {
    var largest = 0.0
    for p in 0..<max(0, columns - 1) {
      for q in p + 1..<columns { largest = max(largest, rotate(values, p * rows, q * rows, rows)) }
    }
    return largest
  }

  /// Rotates two columns so that they are orthogonal. - Returns: The cosine between them before.
  private static func rotate(_ a: UnsafeMutableBufferPointer<Double>, _ p: Int, _ q: Int, _ rows: Int) -> Double {
    var (pp, qq, pq) = (0.0, 0.0, 0.0)
    for i in 0..<rows {
      pp += a[p + i] * a[p + i]
      qq += a[q + i] * a[q + i]
      pq += a[p + i] * a[q + i]
    }
    if pq == 0 { return 0 }
    let cotangent = (qq - pp) / (2 * pq)
    let tangent = (cotangent < 0 ? -1 : 1) / (abs(cotangent) + (1 + cotangent * cotangent).squareRoot())
    let cosine = 1 / (1 + tangent * tangent).squareRoot()
    let sine = cosine * tangent
    for i in 0..<rows {
      let (x, y) = (a[p + i], a[q + i])
      a[p + i] = cosine * x - sine * y
      a[q + i] = sine * x + cosine * y
    }
    return abs(pq) / (pp * qq).squareRoot()
  }
}
