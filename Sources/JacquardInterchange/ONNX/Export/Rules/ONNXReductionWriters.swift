import JacquardCore
import JacquardIR
import JacquardOps

/// Reductions, scans along an axis, and sorting.
enum ONNXReductionWriters {
  static let all: [ONNXWriter] = [
    reduction(Sum.self, "ReduceSum"), reduction(Mean.self, "ReduceMean"), reduction(Product.self, "ReduceProd"),
    reduction(ReduceMax.self, "ReduceMax"), reduction(ReduceMin.self, "ReduceMin"),
    reduction(ReduceAny.self, "ReduceMax"), reduction(ReduceAll.self, "ReduceMin"),
    ONNXWriter(ArgMax.self) { place($1, "ArgMax", $0.axis, $0.keepDims) },
    ONNXWriter(ArgMin.self) { place($1, "ArgMin", $0.axis, $0.keepDims) },
    ONNXWriter(LogSumExp.self) {
      $1.emit("ReduceLogSumExp", [$1.inputs[0], try $1.integers([$0.axis])], .int("keepdims", $0.keepDims ? 1 : 0))
    },
    ONNXWriter(CumulativeSum.self) {
      $1.emit(
        "CumSum", [$1.inputs[0], $1.integer($0.axis)], .int("exclusive", $0.exclusive ? 1 : 0),
        .int("reverse", $0.reverse ? 1 : 0))
    },
    ONNXWriter(Sort.self) { try ordered($1, $1.inputTypes[0].shape.dims[$0.axis], $0.axis, $0.descending) },
    ONNXWriter(TopK.self) { try ordered($1, $0.k, $0.axis, $0.largest) },
  ]

  private static func reduction<O: ReductionOperation>(_ type: O.Type, _ name: String) -> ONNXWriter {
    ONNXWriter(type) { operation, use in
      // No axes are all axes to ONNX.
      if operation.axes.isEmpty { return use.emit("Identity", use.inputs) }
      let axes = try use.integers(operation.axes)
      return use.emit(name, [use.inputs[0], axes], .int("keepdims", operation.keepDims ? 1 : 0))
    }
  }

  private static func place(_ use: ONNXUse, _ name: String, _ axis: Int, _ keepDims: Bool) -> [String] {
    use.emit(name, use.inputs, .int("axis", axis), .int("keepdims", keepDims ? 1 : 0))
  }

  private static func ordered(_ use: ONNXUse, _ count: Dim, _ axis: Int, _ isDescending: Bool) throws -> [String]? {
    // ONNX has no order of booleans.
    let isBool = use.inputTypes[0].dtype == .bool
    let results = use.emit(
      "TopK", [isBool ? use.cast(use.inputs[0], .u8) : use.inputs[0], try use.dimensions([count])],
      [.int("axis", axis), .int("largest", isDescending ? 1 : 0)], outputs: 2)
    return isBool ? [use.cast(results[0], .bool), results[1]] : results
  }
}
