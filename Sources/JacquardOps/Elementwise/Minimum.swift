import JacquardCore
import JacquardIR
import JacquardKernels

/// The smaller of two values.
public struct Minimum: ScalarFunctionOperation {
  public static let name = "minimum"
  public static let function = ScalarFunction.minimum
  public static let doc = OperationDoc(
    "The smaller of two values.", formula: "min(a, b)",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: [
      "NaN if either operand is NaN",
      "of 0 and -0 either may be the result",
      "where the operands are equal each gets half of the cotangent",
    ])

  public static let samples = [
    OperationSample(
      Minimum(), [.uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", -2, 2)],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      Minimum(), [.uniform("f32[2,3,5]", -2, 2), .uniform("f32[3,1]", -2, 2)],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      Minimum(), [.integers("i32[7]", -9, 9), .integers("i32[]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Minimum(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, Minimum(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if case .int(let a) = x[0], case .int(let b) = x[1] { return .int(min(a, b)) }
    if case .unsigned(let a) = x[0], case .unsigned(let b) = x[1] { return .unsigned(min(a, b)) }
    let (a, b) = (x[0].asDouble, x[1].asDouble)
    return .float(a < b || a.isNaN ? a : b)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    try context.extremumGradient { try context.builder.less($0, $1) }
  }
}

extension GraphBuilder {
  /// The smaller of two values.
  public func minimum(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Minimum(), a, b) }
}
