import JacquardCore
import JacquardIR
import JacquardOps

/// Determinants by Gaussian elimination with partial pivoting, written out column by column.
enum ONNXDeterminant {
  static let all: [ONNXTranslator] = [.single("Det", since: 11, determinant)]

  /// A larger matrix would make a graph too large.
  private static let widest = 32

  private static func determinant(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    var matrix = try node.widened(node.input(0))
    let rank = b.shape(matrix).rank
    guard rank >= 2, let size = b.shape(matrix)[rank - 1].value, b.shape(matrix)[rank - 2] == Dim(size) else {
      throw Diagnostic("an input \(b.type(matrix)) is no square matrix")
    }
    guard size <= widest else { throw node.unsupported("of \(size) rows") }
    let batch = Shape(Array(b.shape(matrix).dims.dropLast(2)))
    var result = try b.broadcast(node.constant(1, like: matrix), to: batch)
    for column in 0..<size {
      let (sign, swapped) = try pivoted(b, matrix, column, size)
      let pivot = try part(b, swapped, rows: column..<column + 1, columns: column..<column + 1)
      result = try b.multiply(result, b.multiply(sign, b.reshape(pivot, batch)))
      matrix = try eliminated(b, swapped, pivot, column, size)
    }
    return try b.cast(result, node.dtype(0))
  }

  private static func part(
    _ b: GraphBuilder, _ x: ValueID, rows: Range<Int>, columns: Range<Int>
  ) throws -> ValueID {
    let rank = b.shape(x).rank
    let some = try b.slice(x, axis: rank - 2, from: Dim(rows.lowerBound), to: Dim(rows.upperBound))
    return try b.slice(some, axis: rank - 1, from: Dim(columns.lowerBound), to: Dim(columns.upperBound))
  }

  /// The row with the largest element of the column changes places with the row of its number.
  private static func pivoted(
    _ b: GraphBuilder, _ x: ValueID, _ column: Int, _ size: Int
  ) throws -> (sign: ValueID, matrix: ValueID) {
    let (rank, dtype) = (b.shape(x).rank, b.type(x).dtype)
    let candidates = try part(b, x, rows: column..<size, columns: column..<column + 1)
    let found = try b.argmax(b.abs(candidates), axis: rank - 2, keepDims: true)
    let here = try b.constant(HostTensor(Int64(column)))
    let place = try b.add(found, here)
    let rows = try b.iota(b.shape(x), axis: rank - 2, .i64)
    let other = try b.select(b.equal(rows, place), here, rows)
    let order = try b.select(b.equal(rows, here), place, other)
    let isKept = try b.equal(b.reshape(place, Shape(Array(b.shape(x).dims.dropLast(2)))), here)
    return (
      try b.select(isKept, b.constant(1, dtype), b.constant(-1, dtype)), try b.takeAlongAxis(x, order, axis: rank - 2)
    )
  }

  /// Rows under the pivot's, less their part of it. Without a pivot the determinant is 0 already.
  private static func eliminated(
    _ b: GraphBuilder, _ x: ValueID, _ pivot: ValueID, _ column: Int, _ size: Int
  ) throws -> ValueID {
    let (rank, dtype) = (b.shape(x).rank, b.type(x).dtype)
    let own = try part(b, x, rows: column..<column + 1, columns: 0..<size)
    let heads = try part(b, x, rows: 0..<size, columns: column..<column + 1)
    let rows = try b.iota(b.shape(heads), axis: rank - 2, .i64)
    let isBelow = try b.greater(rows, b.constant(HostTensor(Int64(column))))
    let zero = try b.constant(0, dtype)
    let isUsed = try b.logicalAnd(isBelow, b.notEqual(pivot, zero))
    let factors = try b.select(isUsed, b.divide(heads, pivot), zero)
    return try b.subtract(x, b.multiply(factors, own))
  }
}
