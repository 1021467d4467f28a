import JacquardCore
import JacquardIR
import JacquardKernels

/// How products are cut. Part of the arithmetic, so everything here follows from shape and type alone, never from the
/// number of threads.
extension Tiling {
  /// The tiles of a batched product: 256 x 256 at most, halved until there are 16 tiles, or 8 large ones, as long as a tile
  /// keeps `leastWork` multiplications. A tile keeps 64 columns (its operands are read once for every 32 of them); where the right
  /// operand is read across its rows, which costs a copy a tile, it keeps 64 rows instead. Then evened out.
  /// - Parameter isRightTransposed: whether elements next to each other in the right operand belong to one column.
  static func choose(batch: Int, m: Int, n: Int, k: Int, dtype: DType, isRightTransposed: Bool) -> Tiling {
    var (rows, columns) = (min(m, 256), min(n, 256))
    let least = isRightTransposed ? (rows: 64, columns: 32) : (rows: 16, columns: 64)
    func tiles() -> Int { batch &* parts(m, rows) &* parts(n, columns) }
    func work() -> Double { Double(rows) * Double(columns) * Double(k) }
    while tiles() < (work() >= largeWork ? 8 : 16), work() >= 2 * leastWork {
      if columns > least.columns, columns >= rows || rows <= least.rows {
        columns = max(columns / 2, least.columns)
      } else if rows > least.rows {
        rows = max(rows / 2, least.rows)
      } else {
        break
      }
    }
    return Tiling(
      provider: Provider(dtype) ?? .loops, rows: evened(m, rows, 8), columns: evened(n, columns, 32))
  }

  /// Multiplications of a tile from which on it costs more to cut it than threads gain by sharing evenly: about half a millisecond.
  private static let largeWork = 0x1p25

  /// Multiplications of a tile that take as long as handing it to a thread.
  private static let leastWork = 0x1p16

  /// Into how many partial products a long K is cut: a divisor of K with at least 512 terms a part and at most 16 parts,
  /// where the result has at most 65,536 elements; 1 for none.
  static func partials(batch: Int, m: Int, n: Int, k: Int) -> Int {
    if k < 2_048 || batch &* m &* n > 65_536 { return 1 }
    return (1...min(16, k / 512)).last { k % $0 == 0 } ?? 1
  }

  /// The tiles of a convolution by Winograd's minimal filtering, where that is possible and saves time: enough channels to be worth
  /// the sums around the products, and enough results to be worth the kernels that each thread prepares.
  static func winograd(_ product: Contraction) -> Tiling? {
    guard let tiling = minimalFiltering(product), let columns = product.rhs.windows?.columns.extents else { return nil }
    let isWorthIt =
      product.k >= 9 * 16 && product.m >= 16 && product.m <= 256 && product.k <= 9 * 256
      && product.batch.reduce(1, *) * product.n >= 2_048 && columns[1] >= 8
    return isWorthIt ? tiling : nil
  }

  /// The tiles of minimal filtering that have about so many squares of results; nil where it is not possible.
  private static func minimalFiltering(_ product: Contraction, squares: Int = squares) -> Tiling? {
    guard let columns = product.rhs.windows?.columns.extents, columns.count == 2 else { return nil }
    // Lines whose results fill whole vectors together.
    let unit = columns[1] % 8 == 0 ? 1 : columns[1] % 4 == 0 ? 2 : 4
    let pairs = min(columns[0] / 2, max(unit, 2 * squares / max(columns[1], 1) / unit * unit))
    let tiling = Tiling(provider: .winograd, rows: product.m, columns: pairs * 2 * columns[1])
    var result = product
    result.tiling = tiling
    return result.fitsWinograd ? tiling : nil
  }

  /// About as many squares of results of 2 x 2 as two vectors hold.
  private static let squares = 32

  private static func parts(_ extent: Int, _ tile: Int) -> Int { (extent - 1) / tile + 1 }

  /// The tile size that gives as many parts, of sizes as equal as multiples of `unit` allow.
  private static func evened(_ extent: Int, _ tile: Int, _ unit: Int) -> Int {
    let even = parts(extent, parts(extent, tile))
    return min(tile, (even + unit - 1) / unit * unit)
  }
}

extension Contraction {
  /// Other providers and tiles that may be faster on some machine: half and twice the rows and columns, evened out, and where both are
  /// possible, minimal filtering beside blocks. Executors take each, whatever is joined to the product.
  public var otherTilings: [Tiling] {
    var found = tiling.provider == .winograd ? Tiling.besideFiltering(self) : Tiling.scaled(self)
    found.append(contentsOf: Tiling.filtering(self))
    var kept: [Tiling] = []
    for candidate in found where candidate != tiling && !kept.contains(candidate) {
      var product = self
      product.tiling = candidate
      if product.tilingComplaint == nil && product.fillsVectors { kept.append(candidate) }
    }
    return kept
  }
}

extension Tiling {
  /// Minimal filtering with tiles of several sizes, if it is possible.
  fileprivate static func filtering(_ product: Contraction) -> [Tiling] {
    [squares, squares / 2, squares * 2].compactMap { minimalFiltering(product, squares: $0) }
  }

  /// What stands beside minimal filtering: about the tiles that the product would have without it.
  fileprivate static func besideFiltering(_ product: Contraction) -> [Tiling] {
    let plain = choose(
      batch: product.batch.reduce(1, *), m: product.m, n: product.n, k: product.k, dtype: product.dtype,
      isRightTransposed: true)
    let columns = sizes(product.n, plain.columns, unit: 32)[1]
    return [Tiling(provider: plain.provider, rows: plain.rows, columns: columns)]
  }

  /// Tiles of half, the same and twice the rows and columns.
  fileprivate static func scaled(_ product: Contraction) -> [Tiling] {
    let rows = sizes(product.m, product.tiling.rows, unit: 8)
    let columns = sizes(product.n, product.tiling.columns, unit: 32)
    return rows.flatMap { rows in
      columns.map { Tiling(provider: product.tiling.provider, rows: rows, columns: $0) }
    }
  }

  private static func sizes(_ extent: Int, _ tile: Int, unit: Int) -> [Int] {
    [tile / 2, tile, tile * 2].map { wish in
      let whole = (min(max(wish, unit), largest) + unit - 1) / unit * unit
      return min(extent, evened(extent, whole, unit))
    }
  }

  /// Rows and columns of a tile beyond which its results leave the second cache.
  private static let largest = 512
}
