import JacquardCore
import JacquardIR
import JacquardOps

/// Borders around tensors.
enum ONNXPaddingWriters {
  static let all: [ONNXWriter] = [
    ONNXWriter(Pad.self) { operation, use in
      if let axis = operation.interior.firstIndex(where: { $0 != 0 }) { return try spread(operation, axis, use) }
      let value = try use.scalar(operation.value, use.inputTypes[0].dtype)
      return try pad(use, operation.low, operation.high, "constant", [value])
    },
    ONNXWriter(PadBorder.self) { operation, use in
      let modes: [PadBorder.Mode: String] = [.reflect: "reflect", .edge: "edge", .circular: "wrap"]
      return try pad(use, operation.low, operation.high, modes[operation.mode] ?? "", [])
    },
  ]

  private static func pad(
    _ use: ONNXUse, _ low: [Dim], _ high: [Dim], _ mode: String, _ value: [String]
  ) throws -> [String] {
    if low.isEmpty { return use.emit("Identity", use.inputs) }
    return use.emit("Pad", [use.inputs[0], try use.dimensions(low + high)] + value, .string("mode", mode))
  }

  /// Elements of one axis spread apart: each gets an axis of its own with what follows it; then the other axes and the border.
  private static func spread(_ operation: Pad, _ axis: Int, _ use: ONNXUse) throws -> [String]? {
    try use.rewritten { b, x in
      let shape = b.shape(x[0])
      guard let size = shape[axis].value, size > 0 else { return nil }
      let step = operation.interior[axis] + 1
      var y = try b.expandDims(x[0], axis: axis + 1)
      let low = [Int](repeating: 0, count: shape.rank + 1)
      var high = low
      high[axis + 1] = step - 1
      y = try b.pad(y, low: low, high: high, value: operation.value)
      var dims = shape.dims
      dims[axis] = Dim(size * step)
      y = try b.reshape(y, Shape(dims))
      let starts = dims.map { _ in Dim(0) }
      dims[axis] = Dim(size * step - (step - 1))
      y = try b.apply(Slice(starts: starts, limits: dims, strides: dims.map { _ in 1 }), y)
      var rest = operation
      rest.interior[axis] = 0
      if rest.interior.allSatisfy({ $0 == 0 }) { rest.interior = [] }
      return [try b.apply(rest, y)]
    }
  }
}
