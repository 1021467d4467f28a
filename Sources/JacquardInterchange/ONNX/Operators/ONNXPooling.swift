import JacquardCore
import JacquardIR
import JacquardOps

/// Pooling.
enum ONNXPooling {
  static let all: [ONNXTranslator] = [
    ONNXTranslator("MaxPool", since: 8, maxPool), .single("AveragePool", since: 7, averagePool),
    .single("LpPool", since: 11, lpPool),
    .single("GlobalMaxPool", since: 7) { try $0.builder.reduceMax($0.input(0), axes: spatialAxes($0), keepDims: true) },
    .single("GlobalAveragePool", since: 7) { try $0.builder.mean($0.input(0), axes: spatialAxes($0), keepDims: true) },
    .single("GlobalLpPool", since: 7, globalLpPool),
  ]

  private static func spatialAxes(_ node: ONNXNode) throws -> [Int] { Array(2..<max(2, try node.shape(0).rank)) }

  private static func windows(_ node: ONNXNode) throws -> (ONNXWindows, input: [Int], isCeil: Bool) {
    let shape = try node.shape(0)
    guard shape.rank >= 3 else { throw Diagnostic("the input has no spatial axes") }
    guard let input = Shape(Array(shape.dims.dropFirst(2))).sizes else {
      throw node.unsupported("of \(try node.type(0)): bind its symbols")
    }
    var windows = try ONNXWindows(node, input: input)
    try windows.resolveAutoPad(node, input: input)
    return (windows, input, try node.flag("ceil_mode"))
  }

  /// The geometry whose last window ends with the padding, whichever way the number of windows was rounded.
  private static func geometry(_ windows: ONNXWindows, _ input: [Int], _ isCeil: Bool) throws -> ConvGeometry {
    var result = windows.geometry(groups: 1)
    for axis in input.indices {
      let output = try windows.output(axis, input: input[axis], ceil: isCeil)
      let end = (output - 1) * windows.strides[axis] + windows.reach(axis)
      result.high[axis] = end - input[axis] - windows.low[axis]
    }
    return result
  }

  private static func sums(_ node: ONNXNode, _ x: ValueID) throws -> ValueID {
    let (windows, input, isCeil) = try windows(node)
    return try node.builder.sumPool(x, window: windows.kernel, geometry(windows, input, isCeil))
  }

  // MARK: Maxima

  private static func maxPool(_ node: ONNXNode) throws -> [ValueID?] {
    let (windows, input, isCeil) = try windows(node)
    let result = try node.builder.maxPool(
      node.input(0), window: windows.kernel, geometry(windows, input, isCeil))
    return [result.values, node.wants(1) ? try places(node, result.positions, windows, input) : nil]
  }

  /// Where the maxima stand in the whole input, counted row by row, or with `storage_order` column by column.
  private static func places(
    _ node: ONNXNode, _ positions: ValueID, _ windows: ONNXWindows, _ input: [Int]
  ) throws -> ValueID {
    let (b, shape) = (node.builder, node.builder.shape(positions))
    let inWindow = try b.cast(positions, .i64)
    func number(_ value: Int) throws -> ValueID { try b.constant(HostTensor(Int64(value))) }
    func count(_ axis: Int) throws -> ValueID { try b.iota(shape, axis: axis, .i64) }
    let axes = Array(input.indices)
    let isColumnFirst = try node.flag("storage_order")
    let channels = try b.dimension(shape[1], .i64)
    let plane = try b.add(b.multiply(count(0), channels), count(1))
    var sum = try b.multiply(plane, number(input.reduce(1, *)))
    for axis in axes {
      let inner = windows.kernel[(axis + 1)...].reduce(1, *)
      let element = try b.remainder(b.divide(inWindow, number(inner)), number(windows.kernel[axis]))
      let start = try b.subtract(b.multiply(count(axis + 2), number(windows.strides[axis])), number(windows.low[axis]))
      let place = try b.add(start, b.multiply(element, number(windows.dilations[axis])))
      let stride = isColumnFirst ? input[..<axis].reduce(1, *) : input[(axis + 1)...].reduce(1, *)
      sum = try b.add(sum, b.multiply(place, number(stride)))
    }
    return sum
  }

  // MARK: Means

  private static func averagePool(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let (windows, input, isCeil) = try windows(node)
    let countsPads = try node.flag("count_include_pad")
    let x = try node.widened(node.input(0))
    var value = try sums(node, x)
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
    return try rooted(node, p, sums(node, powered(node, p)))
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
