/// Positions of the points of a space in an array, in row-major order: what reference values walk along.
enum StridedPoints {
  /// The offset of each point, `sum of index times stride`; one offset (0) for a space without axes.
  static func offsets(_ extents: [Int], _ strides: [Int], base: Int = 0) -> [Int] {
    if extents.contains(0) { return [] }
    var result = [base]
    for (extent, stride) in zip(extents, strides) {
      var next: [Int] = []
      next.reserveCapacity(result.count * extent)
      for offset in result {
        for index in 0..<extent { next.append(offset + index * stride) }
      }
      result = next
    }
    return result
  }

  /// The indices of each point.
  static func indices(_ extents: [Int]) -> [[Int]] {
    extents.reduce([[]]) { points, extent in points.flatMap { point in (0..<extent).map { point + [$0] } } }
  }
}

extension [Int] {
  /// The entries at these positions.
  func picking(_ positions: [Int]) -> [Int] { positions.map { self[$0] } }

  /// The product, 1 if empty. For extents of verified types, whose product does not overflow.
  var product: Int { reduce(1, &*) }
}
