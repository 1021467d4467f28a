import JacquardCore
import JacquardIR
import JacquardOps

/// Products of matrices.
enum ONNXProductWriters {
  static let all: [ONNXWriter] = [ONNXWriter(Dot.self) { operation, use in try dot(operation, use) }]

  private static let types: [DType] = [.f32, .f64, .f16, .bf16, .i32, .i64, .u32, .u64]

  private static func dot(_ operation: Dot, _ use: ONNXUse) throws -> [String] {
    let dtype = use.inputTypes[0].dtype
    if types.contains(dtype) { return try product(operation, use, use.inputs) }
    // Narrow integers wrap around, so that what is cut off afterwards does not matter.
    let wide = use.inputs.map { use.cast($0, .i32) }
    return [use.cast(try product(operation, use, wide)[0], dtype)]
  }

  private static func product(_ operation: Dot, _ use: ONNXUse, _ x: [String]) throws -> [String] {
    let (a, b) = (use.inputTypes[0].shape, use.inputTypes[1].shape)
    let isPlain = operation.lhsBatch.isEmpty && operation.lhsContracting == [a.rank - 1]
    if isPlain, operation.rhsContracting == [0], a.rank >= 2, b.rank == 2 { return use.emit("MatMul", x) }
    let isMatrix = a.rank == 2 && b.rank == 2 && operation.lhsBatch.isEmpty && operation.lhsContracting.count == 1
    if isMatrix {
      return use.emit(
        "Gemm", x, .int("transA", 1 - operation.lhsContracting[0]), .int("transB", operation.rhsContracting[0]))
    }
    return try matrices(operation, use, x)
  }

  /// Any product as one of matrices [batch..., rows, inner] and [batch..., inner, columns].
  private static func matrices(_ operation: Dot, _ use: ONNXUse, _ x: [String]) throws -> [String] {
    let (a, b) = (use.inputTypes[0].shape, use.inputTypes[1].shape)
    func free(_ shape: Shape, _ batch: [Int], _ contracting: [Int]) -> [Int] {
      shape.dims.indices.filter { !batch.contains($0) && !contracting.contains($0) }
    }
    func size(_ shape: Shape, _ axes: [Int]) throws -> Dim {
      try axes.reduce(Dim(1)) { try $0.times(shape[$1]) }
    }
    let rows = free(a, operation.lhsBatch, operation.lhsContracting)
    let columns = free(b, operation.rhsBatch, operation.rhsContracting)
    let batch = operation.lhsBatch.map { a[$0] }
    let inner = try size(a, operation.lhsContracting)
    let left = try arranged(
      use, x[0], a, operation.lhsBatch + rows + operation.lhsContracting, batch + [size(a, rows), inner])
    let right = try arranged(
      use, x[1], b, operation.rhsBatch + operation.rhsContracting + columns, batch + [inner, size(b, columns)])
    let result = use.one("MatMul", [left, right])
    let flat = Shape(batch + [try size(a, rows), try size(b, columns)])
    return [try use.reshape(result, from: flat, to: use.outputTypes[0].shape)]
  }

  private static func arranged(
    _ use: ONNXUse, _ x: String, _ shape: Shape, _ axes: [Int], _ dims: [Dim]
  ) throws -> String {
    try use.reshape(use.transpose(x, axes), from: Shape(axes.map { shape[$0] }), to: Shape(dims))
  }
}
