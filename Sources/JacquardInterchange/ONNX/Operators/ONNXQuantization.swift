import JacquardCore
import JacquardIR
import JacquardOps

/// Numbers as small integers with a scale and a zero point.
enum ONNXQuantization {
  static let all: [ONNXTranslator] = [
    .single("QuantizeLinear", since: 10, quantize), .single("DequantizeLinear", since: 10, dequantize),
    ONNXTranslator("DynamicQuantizeLinear", since: 11, quantizeDynamically),
  ]

  /// A scale or zero point laid along the input: one number, one for each element of an axis, or one a block.
  private static func spread(_ node: ONNXNode, _ value: ValueID) throws -> ValueID {
    let b = node.builder
    let (shape, own) = (try node.shape(0), b.shape(value))
    let block = try node.int("block_size", 0)
    if own.rank == 0 || (own.rank == 1 && own[0].isOne && block == 0) { return try b.reshape(value, .scalar) }
    let axis = try node.axis(node.int("axis", 1), rank: shape.rank)
    if block == 0 {
      guard own.rank == 1 else { throw node.unsupported("with a scale of shape \(own)") }
      return try node.along(axis, rank: shape.rank, value)
    }
    guard own.rank == shape.rank, block > 0, let whole = shape[axis].value else {
      throw Diagnostic("blocks of \(block) with a scale of shape \(own)")
    }
    let places = (0..<min(whole, ONNXWindows.most)).map { $0 / block }
    return try b.gather(value, node.constant(integers: places), axis: axis)
  }

  /// The numbers of a type that values are cut to.
  static func range(_ node: ONNXNode, _ dtype: DType) throws -> (low: Double, high: Double) {
    switch dtype {
    case .u8: (0, 255)
    case .i8: (-128, 127)
    case .u16: (0, 65535)
    case .i16: (-32768, 32767)
    default: throw node.unsupported("to \(dtype)")
    }
  }

  /// round(x / scale) + zero point, cut to the type's range.
  private static func quantize(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let stated = try node.dtype(attribute: "output_dtype")
    let target = node.optional(2).map { b.type($0).dtype } ?? stated ?? .u8
    let scale = try spread(node, b.cast(node.input(1), .f32))
    let zero = try node.optional(2).map { try spread(node, b.cast($0, .f32)) }
    return try quantized(node, b.cast(node.input(0), .f32), scale, zero, target)
  }

  private static func quantized(
    _ node: ONNXNode, _ x: ValueID, _ scale: ValueID, _ zero: ValueID?, _ target: DType
  ) throws -> ValueID {
    let b = node.builder
    let (low, high) = try range(node, target)
    let rounded = try b.round(b.divide(x, scale))
    let moved = try zero.map { try b.add(rounded, $0) } ?? rounded
    return try b.cast(b.clamp(node.constant(low, .f32), moved, node.constant(high, .f32)), target)
  }

  private static func dequantize(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let result = try node.dtype(attribute: "output_dtype") ?? node.dtype(1)
    let source = try node.dtype(0)
    if source != .i32 { _ = try range(node, source) }
    var x = try b.cast(node.input(0), .i32)
    if let zero = node.optional(2) { x = try b.subtract(x, spread(node, b.cast(zero, .i32))) }
    return try b.cast(b.multiply(b.cast(x, .f32), spread(node, b.cast(node.input(1), .f32))), result)
  }

  /// Scale and zero point from the range of the data, which is made to hold 0.
  private static func quantizeDynamically(_ node: ONNXNode) throws -> [ValueID?] {
    let (b, x) = (node.builder, try node.input(0))
    let (axes, zero) = (Array(0..<b.shape(x).rank), try node.constant(0, .f32))
    let high = try b.maximum(b.reduceMax(x, axes: axes), zero)
    let low = try b.minimum(b.reduceMin(x, axes: axes), zero)
    let scale = try b.divide(b.subtract(high, low), node.constant(255, .f32))
    let top = try node.constant(255, .f32)
    let point = try b.round(b.clamp(zero, b.divide(b.negate(low), scale), top))
    return [try quantized(node, x, scale, point, .u8), scale, try b.cast(point, .u8)]
  }
}
