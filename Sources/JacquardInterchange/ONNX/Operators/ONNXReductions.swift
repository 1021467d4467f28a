import JacquardCore
import JacquardIR
import JacquardOps

/// Reductions along axes, which stand in an attribute up to operator set 17 (12 for ReduceSum), then in an input.
enum ONNXReductions {
  static let all: [ONNXTranslator] = [
    reduction("ReduceSum", axesInput: 13) { try $0.builder.sum($1, axes: $2, keepDims: $3) },
    reduction("ReduceMean") { try mean($0, $1, $2, $3) },
    reduction("ReduceProd") { try $0.builder.product($1, axes: $2, keepDims: $3) },
    reduction("ReduceMax") { try extreme($0, $1, $2, $3, largest: true) },
    reduction("ReduceMin") { try extreme($0, $1, $2, $3, largest: false) },
    reduction("ReduceL1") { try $0.builder.sum($0.builder.abs($1), axes: $2, keepDims: $3) },
    reduction("ReduceL2") {
      try through($0, $1) { try $0.sqrt($0.sum($0.multiply($1, $1), axes: $2, keepDims: $3)) }($2, $3)
    },
    reduction("ReduceSumSquare") { try $0.builder.sum($0.builder.multiply($1, $1), axes: $2, keepDims: $3) },
    reduction("ReduceLogSum") { try through($0, $1) { try $0.log($0.sum($1, axes: $2, keepDims: $3)) }($2, $3) },
    reduction("ReduceLogSumExp") { try through($0, $1, logSumExp)($2, $3) },
    .single("ArgMax", since: 7) { try position($0) { try $0.argmax($1, axis: $2, keepDims: $3) } },
    .single("ArgMin", since: 7) { try position($0) { try $0.argmin($1, axis: $2, keepDims: $3) } },
  ]

  typealias Body = @Sendable (ONNXNode, ValueID, _ axes: [Int], _ keepDims: Bool) throws -> ValueID
  typealias FloatBody = (GraphBuilder, ValueID, _ axes: [Int], _ keepDims: Bool) throws -> ValueID

  private static func reduction(_ name: String, axesInput: Int = 18, _ body: @escaping Body) -> ONNXTranslator {
    .single(name, since: 7) { node in
      let x = try node.input(0)
      let rank = node.builder.shape(x).rank
      let listed = try node.opset >= axesInput ? node.integers(1) : node.ints("axes")
      let keepDims = try node.flag("keepdims", true)
      var axes = try node.axes(listed ?? [], rank: rank).sorted()
      if axes.isEmpty {
        // What is said of an empty list with this flag differs between versions for functions of a sum.
        if try node.flag("noop_with_empty_axes") { return try noOperation(node, x) }
        axes = Array(0..<rank)
      }
      return try body(node, x, axes, keepDims)
    }
  }

  private static func noOperation(_ node: ONNXNode, _ x: ValueID) throws -> ValueID {
    let plain = ["ReduceSum", "ReduceMean", "ReduceProd", "ReduceMax", "ReduceMin"]
    if plain.contains(node.proto.opType) { return x }
    throw node.unsupported("noop_with_empty_axes")
  }

  /// Integers by way of f64.
  private static func through(
    _ node: ONNXNode, _ x: ValueID, _ body: @escaping FloatBody
  ) -> ([Int], Bool) throws -> ValueID {
    { axes, keepDims in
      let (b, dtype) = (node.builder, node.builder.type(x).dtype)
      return try b.cast(body(b, dtype.isFloat ? x : b.cast(x, .f64), axes, keepDims), dtype)
    }
  }

  private static func mean(_ node: ONNXNode, _ x: ValueID, _ axes: [Int], _ keepDims: Bool) throws -> ValueID {
    let b = node.builder
    if b.type(x).dtype.isFloat { return try b.mean(x, axes: axes, keepDims: keepDims) }
    let count = try Shape(axes.map { b.shape(x)[$0] }).elementCount()
    return try b.divide(b.sum(x, axes: axes, keepDims: keepDims), b.dimension(count, b.type(x).dtype))
  }

  private static func extreme(
    _ node: ONNXNode, _ x: ValueID, _ axes: [Int], _ keepDims: Bool, largest: Bool
  ) throws -> ValueID {
    let b = node.builder
    if b.type(x).dtype == .bool {
      return try largest ? b.any(x, axes: axes, keepDims: keepDims) : b.all(x, axes: axes, keepDims: keepDims)
    }
    return try largest ? b.reduceMax(x, axes: axes, keepDims: keepDims) : b.reduceMin(x, axes: axes, keepDims: keepDims)
  }

  /// Shifted by the largest element, unless that is infinite.
  private static func logSumExp(_ b: GraphBuilder, _ x: ValueID, _ axes: [Int], _ keepDims: Bool) throws -> ValueID {
    let dtype = b.type(x).dtype
    let largest = try b.reduceMax(x, axes: axes, keepDims: true)
    let isFinite = try b.less(b.abs(largest), b.constant(.infinity, dtype))
    let shift = try b.select(isFinite, largest, b.constant(0, dtype))
    let sum = try b.sum(b.exp(b.subtract(x, shift)), axes: axes, keepDims: true)
    let result = try b.add(b.log(sum), shift)
    if keepDims { return result }
    let kept = b.shape(x).dims.indices.filter { !axes.contains($0) }
    return try b.reshape(result, Shape(kept.map { b.shape(x)[$0] }))
  }

  /// The first extreme element's position, or the last one's with `select_last_index`.
  private static func position(
    _ node: ONNXNode, _ body: (GraphBuilder, ValueID, Int, Bool) throws -> ValueID
  ) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let axis = try node.axis(node.int("axis", 0), rank: b.shape(x).rank)
    let keepDims = try node.flag("keepdims", true)
    guard try node.flag("select_last_index") else { return try body(b, x, axis, keepDims) }
    let fromEnd = try body(b, b.reverse(x, axes: [axis]), axis, keepDims)
    return try b.subtract(b.dimension(b.shape(x)[axis].minus(1), .i64), fromEnd)
  }
}
