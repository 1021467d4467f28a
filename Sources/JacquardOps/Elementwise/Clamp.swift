import JacquardCore
import JacquardIR
import JacquardKernels

/// The value limited to an interval. Operands: low, x, high.
public struct Clamp: ElementwiseOperation {
  public static let name = "clamp"
  public static let operandCount = 3
  public static let doc = OperationDoc(
    "The value limited to an interval; operands low, x, high.", formula: "min(max(x, low), high)",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: [
      "NaN if any operand is NaN", "high where low > high",
      "within the closed interval the cotangent goes to x, below it to low, above it to high; "
        + "where low > high it goes to high",
    ])

  public static let samples = [
    OperationSample(
      Clamp(), [.uniform("f32[3,5]", -1, -0.5), .uniform("f32[3,5]", -2, 2), .uniform("f32[3,5]", 0.5, 1)],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      Clamp(), [.uniform("f32[]", -1, -0.5), .uniform("f32[2,3,5]", -2, 2), .uniform("f32[3,1]", 0.5, 1)],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      Clamp(), [.integers("i32[]", -4, -2), .integers("i32[9]", -9, 9), .integers("i32[]", 2, 4)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Clamp(), ["i32[]", "f32[2]", "f32[]"]),
    OperationViolation(2, Clamp(), ["f32[]", "f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar { Minimum().evaluate([Maximum().evaluate([x[1], x[0]]), x[2]]) }

  public func emit(_ body: inout BodyBuilder, _ x: [Int]) -> Int {
    body.apply(.minimum, body.apply(.maximum, x[1], x[0]), x[2])
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, zero, g) = (context.builder, try context.constant(0), try context.cotangent())
    return try context.perInput { try builder.select(chosen($0, context), g, zero) }
  }

  /// Where the result is operand `k`.
  private func chosen(_ k: Int, _ context: GradientContext) throws -> ValueID {
    let (builder, low, x, high) = (context.builder, context.inputs[0], context.inputs[1], context.inputs[2])
    switch k {
    case 0: return try builder.logicalAnd(builder.less(x, low), builder.lessEqual(low, high))
    case 1: return try builder.logicalAnd(builder.lessEqual(low, x), builder.lessEqual(x, high))
    default: return try builder.logicalOr(builder.greater(x, high), builder.greater(low, high))
    }
  }
}

extension GraphBuilder {
  /// `min(max(x, low), high)`
  public func clamp(_ low: ValueID, _ x: ValueID, _ high: ValueID) throws -> ValueID {
    try apply(Clamp(), low, x, high)
  }
}
