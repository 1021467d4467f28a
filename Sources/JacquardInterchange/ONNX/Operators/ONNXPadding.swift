import JacquardCore
import JacquardIR
import JacquardOps

/// Operators that surround or cut.
enum ONNXPadding {
  static let all: [ONNXTranslator] = [.single("Pad", since: 11, pad), .single("CenterCropPad", since: 18, centre)]

  /// More elements on one side are not meant, and would take their time to list.
  private static let most = 1 << 24

  private static func pad(_ node: ONNXNode) throws -> ValueID {
    let rank = try node.shape(0).rank
    let axes = try node.axes(node.integers(3) ?? Array(0..<rank), rank: rank)
    let pads = try node.integers(1) ?? []
    guard pads.count == 2 * axes.count else { throw Diagnostic("\(pads.count) pads for \(axes.count) axes") }
    guard pads.allSatisfy({ $0.magnitude <= most.magnitude }) else { throw Diagnostic("pads \(pads) are impossible") }
    var (low, high) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
    for (index, axis) in axes.enumerated() { (low[axis], high[axis]) = (pads[index], pads[index + axes.count]) }
    switch try node.string("mode", "constant") {
    case "constant": return try constant(node, low, high)
    case "edge": return try bordered(node, .edge, low, high) { max(0, min($0, $1 - 1)) }
    case "reflect": return try bordered(node, .reflect, low, high, mirrored)
    case "wrap": return try bordered(node, .circular, low, high) { (($0 % $1) + $1) % $1 }
    case let mode: throw node.unsupported("with mode '\(mode.prefix(40))'")
    }
  }

  private static func mirrored(_ place: Int, _ size: Int) -> Int {
    let period = max(1, 2 * (size - 1))
    let rest = ((place % period) + period) % period
    return rest < size ? rest : period - rest
  }

  /// Negative pads cut elements off first.
  private static func constant(_ node: ONNXNode, _ low: [Int], _ high: [Int]) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let dims = b.shape(x).dims
    var part = x
    if (low + high).contains(where: { $0 < 0 }) {
      let limits = try zip(dims, high).map { try $0.plus(Dim(min($1, 0))) }
      part = try b.slice(x, starts: low.map { Dim(max(-$0, 0)) }, limits: limits)
    }
    return try b.pad(part, low: low.map { max($0, 0) }, high: high.map { max($0, 0) }, value: value(node))
  }

  private static func value(_ node: ONNXNode) throws -> Double {
    guard node.optional(2) != nil else { return 0 }
    let tensor = try node.tensor(2)
    guard tensor.count == 1 else { throw Diagnostic("the constant value is no scalar") }
    let value = tensor[linear: 0].asDouble
    if !tensor.dtype.isFloat, value.magnitude > 0x1p53 { throw node.unsupported("with \(value)") }
    return value
  }

  /// The graph's own operation, unless a pad cuts elements off or is longer than what the axis can give at once.
  private static func bordered(
    _ node: ONNXNode, _ mode: PadBorder.Mode, _ low: [Int], _ high: [Int],
    _ source: (_ place: Int, _ size: Int) -> Int
  ) throws -> ValueID {
    let (x, operation) = (try node.input(0), PadBorder(mode, low: low.map { Dim($0) }, high: high.map { Dim($0) }))
    let isPlain = (try? operation.inferTypes(TypeContext([node.builder.type(x)]))) != nil
    return try isPlain ? node.builder.append(operation, [x])[0] : picked(node, low, high, source)
  }

  /// Elements chosen along each axis.
  private static func picked(
    _ node: ONNXNode, _ low: [Int], _ high: [Int], _ source: (_ place: Int, _ size: Int) -> Int
  ) throws -> ValueID {
    var x = try node.input(0)
    for axis in low.indices where low[axis] != 0 || high[axis] != 0 {
      let size = try node.sizes(of: x)[axis]
      guard size > 0, size <= most, -low[axis] <= size + high[axis] else {
        throw Diagnostic("axis \(axis) of size \(size) cannot be padded by \(low[axis]) and \(high[axis])")
      }
      let places = (-low[axis]..<size + high[axis]).map { source($0, size) }
      x = try node.builder.gather(x, node.constant(integers: places), axis: axis)
    }
    return x
  }

  /// Each axis cut or padded with zeros to a size, the same on both sides; an odd one more at the end (before, when cutting less).
  private static func centre(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let sizes = try node.sizes(0)
    let wanted = try node.integers(1) ?? []
    let axes = try node.axes(node.ints("axes") ?? Array(sizes.indices), rank: sizes.count)
    guard wanted.count == axes.count, wanted.allSatisfy({ (0...most).contains($0) }) else {
      throw Diagnostic("sizes \(wanted) do not fit the axes")
    }
    var (starts, limits) = (sizes.map { _ in Dim(0) }, sizes.map { Dim($0) })
    var (low, high) = (sizes.map { _ in 0 }, sizes.map { _ in 0 })
    for (axis, size) in zip(axes, wanted) {
      let missing = size - sizes[axis]
      if missing < 0 {
        starts[axis] = Dim(-missing / 2)
        limits[axis] = Dim(-missing / 2 + size)
      } else {
        (low[axis], high[axis]) = (missing / 2, missing - missing / 2)
      }
    }
    return try b.pad(b.slice(x, starts: starts, limits: limits), low: low, high: high)
  }
}
