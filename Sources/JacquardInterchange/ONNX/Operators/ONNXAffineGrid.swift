import JacquardCore
import JacquardIR
import JacquardOps

/// Places of a grid under affine maps, in the coordinates that GridSample reads.
enum ONNXAffineGrid {
  static let all: [ONNXTranslator] = [.single("AffineGrid", since: 20, grid)]

  private static func grid(_ node: ONNXNode) throws -> ValueID {
    let (b, maps) = (node.builder, try node.input(0))
    let (dtype, spatial) = (b.type(maps).dtype, Array(try node.dimensions(1).dropFirst(2)))
    let rank = spatial.count
    guard (2...3).contains(rank), b.shape(maps).dims.dropFirst() == [Dim(rank), Dim(rank + 1)] else {
      throw Diagnostic("maps \(b.type(maps)) do not fit a grid of \(rank) axes")
    }
    let isAligned = try node.flag("align_corners")
    // The last axis comes first, then a 1 for the shift.
    var parts = try (0..<rank).reversed().map { axis in
      let places = try b.iota(Shape(spatial + [1]), axis: axis, dtype)
      return try coordinates(node, places, spatial[axis], isAligned)
    }
    parts.append(try b.broadcast(b.constant(1, dtype), to: Shape(spatial + [1])))
    let points = try b.concat(parts, axis: rank)
    let mapped = try b.dot(maps, points, lhsContracting: [2], rhsContracting: [rank])
    return try b.transpose(mapped, [0] + (2..<rank + 2) + [1])
  }

  /// From -1 to 1: at the centres of the first and last element if aligned, else at their outer edges.
  private static func coordinates(
    _ node: ONNXNode, _ places: ValueID, _ size: Dim, _ isAligned: Bool
  ) throws -> ValueID {
    let (b, one) = (node.builder, try node.constant(1, like: places))
    let count = try b.dimension(size, b.type(places).dtype)
    let two = try node.constant(2, like: places)
    if isAligned {
      if size.isOne { return try b.subtract(places, places) }
      return try b.subtract(b.divide(b.multiply(places, two), b.subtract(count, one)), one)
    }
    return try b.subtract(b.divide(b.add(b.multiply(places, two), one), count), one)
  }
}
