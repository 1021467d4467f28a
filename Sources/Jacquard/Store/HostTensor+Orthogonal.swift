import JacquardCore

extension HostTensor {
  /// Makes the matrix of the first axis by all others orthonormal times `gain`, row by row or, if they are fewer, column by column:
  /// normal draws, orthogonalised by Gram and Schmidt's method, twice for each vector so that rounding does not add up.
  mutating func drawOrthogonal(_ key: Philox, _ gain: Double) {
    let rows = sizes.first ?? 1
    guard count > 0, rows > 0 else { return }
    let columns = count / rows
    let (vectors, length) = (Swift.min(rows, columns), Swift.max(rows, columns))
    var basis: [[Double]] = []
    for vector in 0..<vectors {
      var next = (0..<length).map { key.normal(vector * length + $0) }
      for _ in 0..<2 { for other in basis { next.remove(other) } }
      next.scale(to: 1)
      basis.append(next)
    }
    let isWide = rows <= columns
    each { index in
      let (row, column) = (index / columns, index % columns)
      return gain * (isWide ? basis[row][column] : basis[column][row])
    }
  }
}

extension [Double] {
  /// Takes away the part along a vector of length 1.
  fileprivate mutating func remove(_ unit: [Double]) {
    let product = zip(self, unit).reduce(0) { $0 + $1.0 * $1.1 }
    for index in indices { self[index] -= product * unit[index] }
  }

  fileprivate mutating func scale(to length: Double) {
    let own = reduce(0) { $0 + $1 * $1 }.squareRoot()
    if own > 0 { for index in indices { self[index] *= length / own } }
  }
}
