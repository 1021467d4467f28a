import JacquardCore
import JacquardIR
import JacquardKernels

/// Whether the value is infinite, of either sign.
public struct IsInf: ScalarFunctionOperation {
  public static let name = "isInf"
  public static let function = ScalarFunction.isInf
  public static let doc = OperationDoc(
    "Whether the value is infinite, of either sign.", formula: "|x| = inf",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "no derivative reaches the operand"
    ])

  public static let samples = [
    OperationSample(
      IsInf(), [.values(ElementRule.edges)], gradient: .none(reason: "the result is boolean"))
  ]
  public static let violations = [
    OperationViolation(1, IsInf(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.floatPredicate(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .bool(x[0].asDouble.isInfinite)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// Whether the value is infinite, of either sign.
  public func isInf(_ x: ValueID) throws -> ValueID { try apply(IsInf(), x) }
}
