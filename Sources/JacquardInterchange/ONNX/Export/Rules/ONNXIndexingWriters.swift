import JacquardCore
import JacquardIR
import JacquardOps

/// Gathers and scatters.
enum ONNXIndexingWriters {
  static let all: [ONNXWriter] = [
    ONNXWriter(Gather.self) { $1.emit("Gather", $1.inputs, .int("axis", $0.axis)) },
    ONNXWriter(TakeAlongAxis.self) { $1.emit("GatherElements", $1.inputs, .int("axis", $0.axis)) },
    ONNXWriter(GatherND.self) { _, use in use.emit("GatherND", [use.inputs[0], tuples(use)]) },
    ONNXWriter(ScatterElements.self) {
      $1.emit("ScatterElements", $1.inputs, .int("axis", $0.axis), .string("reduction", reduction($0.combiner)))
    },
    ONNXWriter(ScatterND.self) { operation, use in
      use.emit(
        "ScatterND", [use.inputs[0], tuples(use), use.inputs[2]],
        .string("reduction", reduction(operation.combiner)))
    },
    ONNXWriter(ScatterAdd.self) { operation, use in try scatterAdd(operation.axis, use) },
    ONNXWriter(DynamicSlice.self) { operation, use in try dynamicSlice(operation.sizes, use) },
  ]

  private static func reduction(_ combiner: ScatterCombiner) -> String {
    switch combiner {
    case .set: "none"
    case .add: "add"
    case .multiply: "mul"
    case .minimum: "min"
    case .maximum: "max"
    }
  }

  /// ONNX's tuples of positions are i64.
  private static func tuples(_ use: ONNXUse) -> String {
    use.inputTypes[1].dtype == .i64 ? use.inputs[1] : use.cast(use.inputs[1], .i64)
  }

  /// Slices along the first axis are added at tuples of one position; another axis is made the first.
  private static func scatterAdd(_ axis: Int, _ use: ONNXUse) throws -> [String] {
    let (base, indices) = (use.inputTypes[0].shape, use.inputTypes[1].shape)
    let count = indices.rank
    let places = try use.reshape(tuples(use), from: indices, to: Shape(indices.dims + [1]))
    let others = base.dims.indices.filter { $0 != axis }
    // Updates are [before, indices, after].
    let moved = Array(axis..<axis + count) + Array(0..<axis) + Array(axis + count..<base.rank - 1 + count)
    let sum = use.one(
      "ScatterND",
      [use.transpose(use.inputs[0], [axis] + others), places, use.transpose(use.inputs[2], moved)],
      .string("reduction", "add"))
    let back = base.dims.indices.map { $0 == axis ? 0 : $0 < axis ? $0 + 1 : $0 }
    return [use.transpose(sum, back)]
  }

  /// Starts are moved into the tensor.
  private static func dynamicSlice(_ sizes: [Dim], _ use: ONNXUse) throws -> [String] {
    if sizes.isEmpty { return use.emit("Identity", [use.inputs[0]]) }
    let shape = use.inputTypes[0].shape
    let spare = try use.dimensions(zip(shape.dims, sizes).map { try $0.minus($1) })
    let zeros = try use.integers(sizes.map { _ in 0 })
    let starts = use.one("Min", [use.one("Max", [tuples(use), zeros]), spare])
    let ends = use.one("Add", [starts, try use.dimensions(sizes)])
    return use.emit("Slice", [use.inputs[0], starts, ends, try use.integers(Array(sizes.indices))])
  }
}
