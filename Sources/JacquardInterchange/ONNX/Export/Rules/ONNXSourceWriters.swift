import JacquardCore
import JacquardIR
import JacquardOps

/// Operations without operands.
enum ONNXSourceWriters {
  static let all: [ONNXWriter] = [
    ONNXWriter(Constant.self) { [$1.exporter.constant($0.value.tensor)] },
    ONNXWriter(Dimension.self) { operation, use in
      let size = use.one("Squeeze", [try use.dimensions([operation.dimension])])
      return [operation.dtype == .i64 ? size : use.cast(size, operation.dtype)]
    },
    ONNXWriter(Iota.self) { operation, use in try iota(operation, use) },
  ]

  private static func iota(_ operation: Iota, _ use: ONNXUse) throws -> [String] {
    let size = operation.shape[operation.axis]
    let limit = size.value.map { use.integer($0) }
    let end = try limit ?? use.one("Squeeze", [use.dimensions([size])])
    var result = use.one("Range", [use.integer(0), end, use.integer(1)])
    if operation.dtype != .i64 { result = use.cast(result, operation.dtype) }
    let following = operation.shape.count - operation.axis - 1
    let column = Shape([size] + [Dim](repeating: 1, count: following))
    result = try use.reshape(result, from: Shape([size]), to: column)
    if column == Shape(operation.shape) { return [result] }
    return use.emit("Expand", [result, try use.dimensions(operation.shape)])
  }
}
