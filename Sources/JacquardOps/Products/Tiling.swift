import JacquardCore
import JacquardIR
import JacquardKernels

/// How products are cut. Part of the arithmetic, so everything here follows from shape and type alone, never from the
/// number of threads.
extension Tiling {
  /// The tiles of a batched product: 128 rows and up to 512 columns, halved for big products until there are 16 tiles, but
  /// not under 64 rows or 256 columns; then evened out.
  static func choose(batch: Int, m: Int, n: Int, k: Int, dtype: DType) -> Tiling {
    var rows = 128
    var columns = 512
    func tiles() -> Int { batch &* parts(m, rows) &* parts(n, columns) }
    let big = Double(batch) * Double(m) * Double(n) * Double(k) >= 0x1p20
    while big && tiles() < 16 && (rows > 64 || columns > 256) {
      if columns > 256 { columns /= 2 } else { rows /= 2 }
    }
    return Tiling(
      provider: dtype.isFloat ? .openBLAS : .loops, rows: evened(m, rows), columns: evened(n, columns))
  }

  /// Into how many partial products a long K is cut: a divisor of K with at least 512 terms a part and at most 16 parts,
  /// where the result has at most 65,536 elements; 1 for none.
  static func partials(batch: Int, m: Int, n: Int, k: Int) -> Int {
    if k < 2_048 || batch &* m &* n > 65_536 { return 1 }
    return (1...min(16, k / 512)).last { k % $0 == 0 } ?? 1
  }

  private static func parts(_ extent: Int, _ tile: Int) -> Int { (extent - 1) / tile + 1 }

  /// The tile size that gives as many parts, of sizes as equal as multiples of 8 allow.
  private static func evened(_ extent: Int, _ tile: Int) -> Int {
    let even = parts(extent, parts(extent, tile))
    return min(tile, (even + 7) / 8 * 8)
  }
}
