import JacquardCore
import JacquardIR
import JacquardOps

/// Pooling. Windows are boxes, so that one axis after the other is pooled: each by combining shifted slices.
enum ONNXPooling {
  static let all: [ONNXTranslator] = [
    .single("MaxPool", since: 8, maxPool), .single("AveragePool", since: 7, averagePool),
    .single("LpPool", since: 11, lpPool),
    .single("GlobalMaxPool", since: 7) { try $0.builder.reduceMax($0.input(0), axes: spatialAxes($0), keepDims: true) },
    .single("GlobalAveragePool", since: 7) { try $0.builder.mean($0.input(0), axes: spatialAxes($0), keepDims: true) },
    .single("GlobalLpPool", since: 7, globalLpPool),
  ]

  /// A window of more elements along one axis would make a graph too large.
  private static let widest = 256

  typealias Combine = (GraphBuilder, ValueID, ValueID) throws -> ValueID

  private static func spatialAxes(_ node: ONNXNode) throws -> [Int] { Array(2..<max(2, try node.shape(0).rank)) }

  private static func windows(_ node: ONNXNode) throws -> (ONNXWindows, input: [Int], isCeil: Bool) {
    let shape = try node.shape(0)
    guard shape.rank >= 3 else { throw Diagnostic("the input has no spatial axes") }
    guard let input = Shape(Array(shape.dims.dropFirst(2))).sizes else {
      throw node.unsupported("of \(try node.type(0)): bind its symbols")
    }
    var windows = try ONNXWindows(node, input: input)
    guard windows.kernel.allSatisfy({ $0 <= widest }) else { throw node.unsupported("with windows \(windows.kernel)") }
    try windows.resolveAutoPad(node, input: input)
    return (windows, input, try node.flag("ceil_mode"))
  }

  /// The combination of all elements of each window.
  private static func pooled(
    _ node: ONNXNode, _ x: ValueID, filling fill: Double, _ combine: Combine
  ) throws -> ValueID {
    let (windows, input, isCeil) = try windows(node)
    return try input.indices.reduce(x) { value, axis in
      let output = try windows.output(axis, input: input[axis], ceil: isCeil)
      return try pooled(node.builder, value, axis: axis + 2, windows, axis, output, fill, combine)
    }
  }

  private static func pooled(
    _ b: GraphBuilder, _ x: ValueID, axis: Int, _ windows: ONNXWindows, _ spatial: Int, _ output: Int, _ fill: Double,
    _ combine: Combine
  ) throws -> ValueID {
    let (stride, dilation) = (windows.strides[spatial], windows.dilations[spatial])
    let span = (output - 1) * stride + 1
    let missing = span + windows.reach(spatial) - 1 - (b.shape(x)[axis].value ?? 0) - windows.low[spatial]
    var (low, high) = (b.shape(x).dims.map { _ in 0 }, b.shape(x).dims.map { _ in 0 })
    (low[axis], high[axis]) = (windows.low[spatial], max(0, missing))
    let padded = try b.pad(x, low: low, high: high, value: fill)
    var (starts, limits) = (b.shape(padded).dims.map { _ in Dim(0) }, b.shape(padded).dims)
    var strides = starts.map { _ in 1 }
    strides[axis] = stride
    let slices = try (0..<windows.kernel[spatial]).map { place in
      (starts[axis], limits[axis]) = (Dim(place * dilation), Dim(place * dilation + span))
      return try b.slice(padded, starts: starts, limits: limits, strides: strides)
    }
    return try slices.dropFirst().reduce(slices[0]) { try combine(b, $0, $1) }
  }

  private static func maxPool(_ node: ONNXNode) throws -> ValueID {
    let dtype = try node.dtype(0)
    if !dtype.isFloat && dtype.byteSize > 1 { throw node.unsupported("of \(dtype)") }
    let lowest: Double = dtype.isFloat ? -.infinity : dtype == .i8 ? -128 : 0
    return try pooled(node, node.input(0), filling: lowest) { try $0.maximum($1, $2) }
  }

  private static func averagePool(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let (windows, input, isCeil) = try windows(node)
    let countsPads = try node.flag("count_include_pad")
    let x = try node.widened(node.input(0))
    var value = try pooled(node, x, filling: 0) { try $0.add($1, $2) }
    let rank = b.shape(value).rank
    for axis in input.indices {
      let output = try windows.output(axis, input: input[axis], ceil: isCeil)
      let counts = counts(windows, axis, input[axis], output, countsPads)
      let divisor = try HostTensor(b.type(x).dtype, [output], counts.map { .int(Int64($0)) })
      value = try b.divide(value, node.along(axis + 2, rank: rank, b.constant(divisor)))
    }
    return try b.cast(value, node.dtype(0))
  }

  /// Elements of each window along an axis that count: those of the input, or of the pads too, never those beyond.
  private static func counts(
    _ windows: ONNXWindows, _ axis: Int, _ input: Int, _ output: Int, _ countsPads: Bool
  ) -> [Int] {
    let low = windows.low[axis]
    let valid = countsPads ? 0..<(low + input + windows.high[axis]) : low..<(low + input)
    return (0..<output).map { place in
      let start = place * windows.strides[axis]
      return (0..<windows.kernel[axis]).count { valid.contains(start + $0 * windows.dilations[axis]) }
    }
  }

  // MARK: Norms

  private static func lpPool(_ node: ONNXNode) throws -> ValueID {
    let p = try node.int("p", 2)
    return try rooted(node, p, pooled(node, powered(node, p), filling: 0) { try $0.add($1, $2) })
  }

  private static func globalLpPool(_ node: ONNXNode) throws -> ValueID {
    let p = try node.int("p", 2)
    return try rooted(node, p, node.builder.sum(powered(node, p), axes: spatialAxes(node), keepDims: true))
  }

  private static func powered(_ node: ONNXNode, _ p: Int) throws -> ValueID {
    guard p >= 1 else { throw Diagnostic("p is \(p)") }
    let (b, x) = (node.builder, try node.input(0))
    if p == 2 { return try b.multiply(x, x) }
    return try p == 1 ? b.abs(x) : b.power(b.abs(x), node.constant(Double(p), like: x))
  }

  private static func rooted(_ node: ONNXNode, _ p: Int, _ x: ValueID) throws -> ValueID {
    if p == 1 { return x }
    return try p == 2 ? node.builder.sqrt(x) : node.builder.power(x, node.constant(1 / Double(p), like: x))
  }
}
