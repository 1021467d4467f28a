import JacquardCore
import JacquardIR
import JacquardKernels

/// Whether the value is neither infinite nor NaN.
public struct IsFinite: ScalarFunctionOperation {
  public static let name = "isFinite"
  public static let function = ScalarFunction.isFinite
  public static let doc = OperationDoc(
    "Whether the value is neither infinite nor NaN.", formula: "|x| < inf",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "no derivative reaches the operand"
    ])

  public static let samples = [
    OperationSample(
      IsFinite(), [.values(ElementRule.edges)], gradient: .none(reason: "the result is boolean"))
  ]
  public static let violations = [
    OperationViolation(1, IsFinite(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.floatPredicate(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .bool(x[0].asDouble.isFinite)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// Whether the value is neither infinite nor NaN.
  public func isFinite(_ x: ValueID) throws -> ValueID { try apply(IsFinite(), x) }
}
