import JacquardCore
import JacquardIR
import JacquardKernels

/// Whether the value is not a number.
public struct IsNaN: ScalarFunctionOperation {
  public static let name = "isNaN"
  public static let function = ScalarFunction.isNaN
  public static let doc = OperationDoc(
    "Whether the value is not a number.", formula: "x != x",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "no derivative reaches the operand"
    ])

  public static let samples = [
    OperationSample(
      IsNaN(), [.values(ElementRule.edges)], gradient: .none(reason: "the result is boolean"))
  ]
  public static let violations = [
    OperationViolation(1, IsNaN(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.floatPredicate(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .bool(x[0].asDouble.isNaN)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// Whether the value is not a number.
  public func isNaN(_ x: ValueID) throws -> ValueID { try apply(IsNaN(), x) }
}
