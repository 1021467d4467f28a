import JacquardCore
import JacquardIR
import JacquardOps

/// Samples of images at places that a grid tells: sums of neighbouring elements, each gathered with its weight.
enum ONNXGridSample {
  static let all: [ONNXTranslator] = [.single("GridSample", since: 16) { try GridSampler($0).samples() }]
}

private struct GridSampler {
  let node: ONNXNode
  let mode: String
  let padding: String
  let alignsCorners: Bool
  /// Sizes of the spatial axes.
  let sizes: [Int]
  /// Of the result.
  let points: Shape
  let dtype: DType
  var b: GraphBuilder { node.builder }

  /// One neighbour along one axis: its place in the axis, and its weight; both [batch, points].
  private struct Neighbour {
    let place: ValueID
    let weight: ValueID
  }

  init(_ node: ONNXNode) throws {
    self.node = node
    let stated = try node.string("mode", "linear")
    // Names of operator sets up to 19, when there were two axes.
    mode = ["bilinear": "linear", "bicubic": "cubic"][stated] ?? stated
    padding = try node.string("padding_mode", "zeros")
    alignsCorners = try node.flag("align_corners")
    let (x, grid) = (try node.shape(0), try node.shape(1))
    guard let sizes = Shape(Array(x.dims.dropFirst(2))).sizes, !sizes.contains(0) else {
      throw node.unsupported("of \(x): bind its symbols")
    }
    guard x.rank >= 3, grid.rank == x.rank, grid[grid.rank - 1] == Dim(sizes.count), grid[0] == x[0] else {
      throw Diagnostic("the grid of shape \(grid) does not fit the input of shape \(x)")
    }
    guard ["nearest", "linear", "cubic"].contains(mode), ["zeros", "border", "reflection"].contains(padding) else {
      throw Diagnostic("attribute 'mode' or 'padding_mode' is unknown")
    }
    if sizes.count > 3 || (mode == "cubic" && sizes.count > 2) { throw node.unsupported("on \(sizes.count) axes") }
    self.sizes = sizes
    points = Shape(Array(grid.dims[1..<grid.rank - 1]))
    dtype = try node.dtype(0)
  }

  func samples() throws -> ValueID {
    let shape = try node.shape(0)
    let flat = try b.reshape(node.input(0), Shape([shape[0], shape[1], -1]))
    let neighbours = try sizes.indices.map { try self.neighbours($0) }
    let count = try points.elementCount()
    let spread = Shape([shape[0], shape[1], count])
    var total: ValueID?
    for corner in try corners(neighbours) {
      let place = try b.broadcast(b.expandDims(corner.place, axis: 1), to: spread)
      let value = try b.multiply(b.takeAlongAxis(flat, place, axis: 2), b.expandDims(corner.weight, axis: 1))
      total = try total.map { try b.add($0, value) } ?? value
    }
    guard let total else { throw Diagnostic("the input has no spatial axes") }
    return try b.reshape(total, Shape([shape[0], shape[1]] + points.dims))
  }

  /// Every choice of one neighbour along each axis; places count through all axes.
  private func corners(_ axes: [[Neighbour]]) throws -> [Neighbour] {
    guard var result = axes.first else { return [] }
    for (axis, choices) in axes.enumerated().dropFirst() {
      let size = try b.constant(HostTensor(Int64(sizes[axis])))
      result = try result.flatMap { outer in
        try choices.map { inner in
          Neighbour(
            place: try b.add(b.multiply(outer.place, size), inner.place),
            weight: try b.multiply(outer.weight, inner.weight))
        }
      }
    }
    return result
  }

  // MARK: One axis

  private func number(_ value: Double) throws -> ValueID { try node.constant(value, dtype) }

  /// Places on an axis, from -1 and 1 at its ends. The grid names the last axis first.
  private func place(_ axis: Int) throws -> ValueID {
    let (grid, last) = (try node.input(1), points.rank + 1)
    let column = Dim(sizes.count - 1 - axis)
    let part = try b.slice(grid, axis: last, from: column, to: column.plus(1))
    let flat = try b.cast(b.reshape(part, Shape([b.shape(grid)[0], points.elementCount()])), dtype)
    let size = Double(sizes[axis])
    let shifted = try b.add(flat, number(1))
    if alignsCorners { return try b.multiply(shifted, number((size - 1) / 2)) }
    return try b.divide(b.subtract(b.multiply(shifted, number(size)), number(1)), number(2))
  }

  private func neighbours(_ axis: Int) throws -> [Neighbour] {
    var place = try place(axis)
    if mode == "nearest" { place = try b.round(place) }
    if padding == "border" { place = try clamped(place, axis) }
    if padding == "reflection" { place = try reflected(place, axis) }
    if mode == "nearest" { return [try neighbour(b.floor(place), number(1), axis)] }
    let floor = try b.floor(place)
    let rest = try b.subtract(place, floor)
    if mode == "linear" {
      return [
        try neighbour(floor, b.subtract(number(1), rest), axis), try neighbour(b.add(floor, number(1)), rest, axis),
      ]
    }
    return try (-1...2).map { step in
      try neighbour(
        b.add(floor, number(Double(step))),
        cubic(b.subtract(number(Double(step)), rest), isNear: step == 0 || step == 1), axis)
    }
  }

  /// An element at a whole place: outside the axis 0, the last one, or the mirrored one.
  private func neighbour(_ place: ValueID, _ weight: ValueID, _ axis: Int) throws -> Neighbour {
    let inside = try padding == "reflection" ? clamped(reflected(place, axis), axis) : clamped(place, axis)
    let index = try b.cast(inside, .i64)
    guard padding == "zeros" else { return Neighbour(place: index, weight: weight) }
    let isInside = try b.equal(place, inside)
    return Neighbour(place: index, weight: try b.select(isInside, weight, number(0)))
  }

  private func clamped(_ place: ValueID, _ axis: Int) throws -> ValueID {
    try b.clamp(number(0), place, number(Double(sizes[axis] - 1)))
  }

  /// Turned back at the ends of the axis as often as needed; between the ends nothing changes.
  private func reflected(_ place: ValueID, _ axis: Int) throws -> ValueID {
    let low = alignsCorners ? 0 : -0.5
    let span = Double(sizes[axis]) - (alignsCorners ? 1 : 0)
    if span == 0 { return try b.multiply(place, number(0)) }
    let distance = try b.abs(b.subtract(place, number(low)))
    let turns = try b.floor(b.divide(distance, number(2 * span)))
    let rest = try b.subtract(distance, b.multiply(turns, number(2 * span)))
    return try b.add(b.minimum(rest, b.subtract(number(2 * span), rest)), number(low))
  }

  /// Keys' cubic convolution kernel with a = -0.75 (https://doi.org/10.1109/TASSP.1981.1163711).
  private func cubic(_ distance: ValueID, isNear: Bool) throws -> ValueID {
    let x = try b.abs(distance)
    let coefficients: [Double] = isNear ? [1.25, -2.25, 0, 1] : [-0.75, 3.75, -6, 3]
    return try coefficients.dropFirst().reduce(number(coefficients[0])) { try b.add(b.multiply($0, x), number($1)) }
  }
}
