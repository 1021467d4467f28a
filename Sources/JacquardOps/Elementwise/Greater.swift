import JacquardCore
import JacquardIR
import JacquardKernels

/// Whether the first value is greater.
public struct Greater: ScalarFunctionOperation {
  public static let name = "greater"
  public static let function = ScalarFunction.greater
  public static let doc = OperationDoc(
    "Whether the first value is greater.", formula: "a > b",
    constraints: [ElementRule.sameTypeDoc, ElementRule.broadcastDoc],
    conventions: [
      "false if either operand is NaN; 0 equals -0",
      "false is less than true",
      "no derivative reaches the operands",
    ])

  public static let samples = [
    OperationSample(
      Greater(), [.uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", -2, 2)],
      gradient: .none(reason: "the result is boolean")),
    OperationSample(
      Greater(), [.integers("i32[3,4]", -3, 3), .integers("i32[4]", -3, 3)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Greater(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, Greater(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.comparison(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if case .float(let a) = x[0], case .float(let b) = x[1] { return .bool(a > b) }
    if case .unsigned(let a) = x[0], case .unsigned(let b) = x[1] { return .bool(a > b) }
    return .bool(x[0].asInt > x[1].asInt)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// Whether the first value is greater.
  public func greater(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Greater(), a, b) }
}
