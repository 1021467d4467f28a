import JacquardCore
import JacquardIR
import JacquardOps

/// Means or maxima of samples within regions of images (https://arxiv.org/abs/1703.06870).
enum ONNXRoiAlign {
  static let all: [ONNXTranslator] = [.single("RoiAlign", since: 10) { try RoiAlignNode($0).result() }]
}

private struct RoiAlignNode {
  /// Where samples lie along one axis, all [regions, outputs * samples].
  private struct Samples {
    let low: ValueID
    let high: ValueID
    let lowWeight: ValueID
    let highWeight: ValueID
  }

  private let node: ONNXNode
  private let outputs: [Int]
  private let ratio: Int
  private let offset: Double
  private let dtype: DType
  private var b: GraphBuilder { node.builder }

  init(_ node: ONNXNode) throws {
    self.node = node
    outputs = [try node.int("output_height", 1), try node.int("output_width", 1)]
    ratio = try node.int("sampling_ratio", 0)
    dtype = try node.dtype(0)
    guard (outputs + [max(1, ratio)]).allSatisfy({ (1...1 << 12).contains($0) }), try node.shape(0).rank == 4,
      try node.shape(1).rank == 2, try node.shape(1)[1] == 4
    else { throw Diagnostic("the images, regions or sizes are impossible") }
    // How many samples there are would depend on each region.
    if ratio <= 0 { throw node.unsupported("with a sampling ratio that follows from the regions") }
    let mode = try node.string("coordinate_transformation_mode", node.opset < 16 ? "output_half_pixel" : "half_pixel")
    guard ["half_pixel", "output_half_pixel"].contains(mode) else {
      throw Diagnostic("attribute 'coordinate_transformation_mode' is '\(mode.prefix(40))'")
    }
    offset = mode == "half_pixel" ? 0.5 : 0
  }

  func result() throws -> ValueID {
    let (rows, columns) = (try samples(0), try samples(1))
    let images = try b.gather(
      node.input(0), ONNXIndexing.fromStart(node, node.input(2), node.shape(0)[0]), axis: 0)
    func corner(_ y: ValueID, _ x: ValueID, _ yWeight: ValueID, _ xWeight: ValueID) throws -> ValueID {
      let weight = try b.multiply(b.expandDims(yWeight, axis: 2), b.expandDims(xWeight, axis: 1))
      return try b.multiply(picked(images, y, x), b.expandDims(weight, axis: 1))
    }
    let corners = [
      try corner(rows.low, columns.low, rows.lowWeight, columns.lowWeight),
      try corner(rows.low, columns.high, rows.lowWeight, columns.highWeight),
      try corner(rows.high, columns.low, rows.highWeight, columns.lowWeight),
      try corner(rows.high, columns.high, rows.highWeight, columns.highWeight),
    ]
    let dims = b.shape(corners[0]).dims
    let split = Shape([dims[0], dims[1], Dim(outputs[0]), Dim(ratio), Dim(outputs[1]), Dim(ratio)])
    switch try node.string("mode", "avg") {
    case "avg":
      let sum = try corners.dropFirst().reduce(corners[0]) { try b.add($0, $1) }
      return try b.mean(b.reshape(sum, split), axes: [3, 5])
    case "max":
      // As the operator's reference: of the weighted corners, not of their sum.
      let most = try corners.dropFirst().reduce(corners[0]) { try b.maximum($0, $1) }
      return try b.reduceMax(b.reshape(most, split), axes: [3, 5])
    case let other: throw Diagnostic("attribute 'mode' is '\(other.prefix(40))'")
    }
  }

  private func number(_ value: Double) throws -> ValueID { try b.constant(value, dtype) }

  /// Samples along axis 0 (rows) or 1 (columns), linear between two elements; outside by more than 1 they are 0.
  private func samples(_ axis: Int) throws -> Samples {
    let size = try b.dimension(node.shape(0)[2 + axis], dtype)
    let scale = try number(node.float("spatial_scale", 1))
    func edge(_ index: Int) throws -> ValueID {
      let column = try b.slice(b.cast(node.input(1), dtype), axis: 1, from: Dim(index), to: Dim(index + 1))
      return try b.subtract(b.multiply(column, scale), number(offset))
    }
    let start = try edge(1 - axis)
    var extent = try b.subtract(edge(3 - axis), start)
    if offset == 0 { extent = try b.maximum(extent, number(1)) }
    let count = outputs[axis] * ratio
    let steps = try b.iota(Shape([1, Dim(count)]), axis: 1, dtype)
    let relative = try b.divide(b.add(steps, number(0.5)), number(Double(count)))
    let place = try b.add(start, b.multiply(extent, relative))
    let isInside = try b.logicalAnd(b.greaterEqual(place, number(-1)), b.lessEqual(place, size))
    let last = try b.subtract(size, number(1))
    let clamped = try b.clamp(number(0), place, last)
    let low = try b.floor(clamped)
    let share = try b.subtract(clamped, low)
    let zero = try number(0)
    return Samples(
      low: try b.cast(low, .i64), high: try b.cast(b.minimum(b.add(low, number(1)), last), .i64),
      lowWeight: try b.select(isInside, b.subtract(number(1), share), zero),
      highWeight: try b.select(isInside, share, zero))
  }

  /// Elements of images [regions, channels, height, width] at rows and columns of each region.
  private func picked(_ images: ValueID, _ y: ValueID, _ x: ValueID) throws -> ValueID {
    let dims = b.shape(images).dims
    let (rows, columns) = (b.shape(y)[1], b.shape(x)[1])
    let yPlaces = try b.broadcast(
      b.reshape(y, Shape([dims[0], 1, rows, 1])), to: Shape([dims[0], dims[1], rows, dims[3]]))
    let lines = try b.takeAlongAxis(images, yPlaces, axis: 2)
    let xPlaces = try b.broadcast(
      b.reshape(x, Shape([dims[0], 1, 1, columns])), to: Shape([dims[0], dims[1], rows, columns]))
    return try b.takeAlongAxis(lines, xPlaces, axis: 3)
  }
}
