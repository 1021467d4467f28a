import JacquardCore
import JacquardIR
import JacquardOps

/// Operations that move elements.
enum ONNXShapeWriters {
  static let all: [ONNXWriter] = [
    ONNXWriter(Reshape.self) { operation, use in
      [try use.reshape(use.inputs[0], from: use.inputTypes[0].shape, to: Shape(operation.shape))]
    },
    ONNXWriter(Transpose.self) { [$1.transpose($1.inputs[0], $0.permutation)] },
    ONNXWriter(Broadcast.self) { $1.emit("Expand", [$1.inputs[0], try $1.dimensions($0.shape)]) },
    ONNXWriter(Slice.self) { operation, use in
      if operation.starts.isEmpty { return use.emit("Identity", use.inputs) }
      return try slice(use, operation.starts, operation.limits, operation.strides)
    },
    ONNXWriter(Concat.self) { $1.emit("Concat", $1.inputs, .int("axis", $0.axis)) },
    ONNXWriter(Reverse.self) { operation, use in try reverse(use, operation.axes) },
    ONNXWriter(Tile.self) { $1.emit("Tile", [$1.inputs[0], try $1.dimensions($0.repeats)]) },
    ONNXWriter(Tril.self) { try triangle($1, $0.diagonal, upper: 0) },
    ONNXWriter(Triu.self) { try triangle($1, $0.diagonal, upper: 1) },
    .rewritten(Roll.self) { operation, b, x in try roll(operation, b, x[0]) },
  ]

  /// The axes that are cut.
  private static func slice(_ use: ONNXUse, _ starts: [Dim], _ limits: [Dim], _ strides: [Int]) throws -> [String] {
    let shape = use.inputTypes[0].shape
    let axes = shape.dims.indices.filter { starts[$0] != 0 || limits[$0] != shape[$0] || strides[$0] != 1 }
    if axes.isEmpty { return use.emit("Identity", use.inputs) }
    return use.emit(
      "Slice",
      [
        use.inputs[0], try use.dimensions(axes.map { starts[$0] }), try use.dimensions(axes.map { limits[$0] }),
        try use.integers(axes), try use.integers(axes.map { strides[$0] }),
      ])
  }

  /// A slice that goes backwards from the last element to the first.
  private static func reverse(_ use: ONNXUse, _ axes: [Int]) throws -> [String] {
    if axes.isEmpty { return use.emit("Identity", use.inputs) }
    func same(_ value: Int) throws -> String { try use.integers(axes.map { _ in value }) }
    return use.emit(
      "Slice", [use.inputs[0], try same(-1), try same(Int(Int64.min)), try use.integers(axes), try same(-1)])
  }

  private static func triangle(_ use: ONNXUse, _ diagonal: Int, upper: Int) throws -> [String] {
    use.emit("Trilu", [use.inputs[0], use.integer(diagonal)], .int("upper", upper))
  }

  /// Two slices in the other order, axis by axis.
  private static func roll(_ operation: Roll, _ b: GraphBuilder, _ x: ValueID) throws -> [ValueID]? {
    var y = x
    for (axis, shift) in zip(operation.axes, operation.shifts) {
      guard let size = b.shape(x)[axis].value else { return nil }
      let offset = size == 0 ? 0 : ((shift % size) + size) % size
      if offset == 0 { continue }
      y = try b.concat([part(b, y, axis, size - offset, size), part(b, y, axis, 0, size - offset)], axis: axis)
    }
    return [y]
  }

  private static func part(
    _ b: GraphBuilder, _ x: ValueID, _ axis: Int, _ start: Int, _ limit: Int
  ) throws -> ValueID {
    var (starts, limits) = (b.shape(x).dims.map { _ in Dim(0) }, b.shape(x).dims)
    (starts[axis], limits[axis]) = (Dim(start), Dim(limit))
    return try b.apply(Slice(starts: starts, limits: limits, strides: starts.map { _ in 1 }), x)
  }
}
