import JacquardCore
import JacquardIR
import JacquardOps

/// Products of small integers, computed exactly in i32 and scaled once.
enum ONNXQuantizedProducts {
  static let all: [ONNXTranslator] = [
    .single("QLinearMatMul", since: 10, matMul), .single("QLinearConv", since: 10, conv),
  ]

  /// An operand as i32 less its zero point, which must be one number.
  private static func centred(_ node: ONNXNode, _ index: Int, zero: Int) throws -> ValueID {
    let b = node.builder
    return try b.subtract(b.cast(node.input(index), .i32), b.cast(single(node, zero), .i32))
  }

  private static func single(_ node: ONNXNode, _ index: Int) throws -> ValueID {
    guard try node.shape(index).elementCount() == 1 else { throw node.unsupported("with a scale or zero point a row") }
    return try node.builder.reshape(node.input(index), .scalar)
  }

  private static func matMul(_ node: ONNXNode) throws -> ValueID {
    let product = try node.builder.matmul(centred(node, 0, zero: 2), centred(node, 3, zero: 5))
    return try rescaled(node, product, kernelScale: single(node, 4))
  }

  /// The weight's scale may be one for each output channel.
  private static func conv(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let (x, weight) = (try centred(node, 0, zero: 2), try centredWeight(node))
    var result = try ONNXConvolutions.convolved(node, x, weight)
    let rank = b.shape(result).rank
    if let bias = node.optional(8) { result = try b.add(result, node.along(1, rank: rank, bias)) }
    let scale = try node.shape(4).elementCount() == 1 ? single(node, 4) : node.along(1, rank: rank, node.input(4))
    return try rescaled(node, result, kernelScale: scale)
  }

  private static func centredWeight(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let weight = try b.cast(node.input(3), .i32)
    let zero = try b.cast(node.input(5), .i32)
    let isSingle = try b.shape(zero).elementCount() == 1
    let point = try isSingle ? b.reshape(zero, .scalar) : node.along(0, rank: b.shape(weight).rank, zero)
    return try b.subtract(weight, point)
  }

  /// round(product * a * b / y) + zero point, cut to the type's range.
  private static func rescaled(_ node: ONNXNode, _ product: ValueID, kernelScale: ValueID) throws -> ValueID {
    let b = node.builder
    func wide(_ value: ValueID) throws -> ValueID { try b.cast(value, .f32) }
    let scale = try b.divide(b.multiply(wide(single(node, 1)), wide(kernelScale)), wide(single(node, 6)))
    let zero = try single(node, 7)
    let target = b.type(zero).dtype
    let (low, high) = try ONNXQuantization.range(node, target)
    let moved = try b.round(b.add(b.multiply(wide(product), scale), wide(zero)))
    return try b.cast(b.clamp(node.constant(low, .f32), moved, node.constant(high, .f32)), target)
  }
}
