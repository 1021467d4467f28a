import JacquardCore
import JacquardIR
import JacquardKernels

/// The nearest whole number, halves to the even one.
public struct Round: ScalarFunctionOperation {
  public static let name = "round"
  public static let function = ScalarFunction.round
  public static let doc = OperationDoc(
    "The nearest whole number, halves to the even one.", formula: "rint(x)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "the derivative is 0 everywhere, the steps included",
      "keeps the sign of a zero, infinities and NaN",
    ])

  public static let samples = [
    OperationSample(Round(), [.uniform("f32[3,5]", 0.6, 1.4)], gradient: .firstOrder(reason: "piecewise constant")),
    OperationSample(Round(), [.uniform("f32[3,5]", -9, 9)], gradient: .none(reason: "steps")),
  ]
  public static let violations = [
    OperationViolation(1, Round(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(x[0].asDouble.rounded(.toNearestOrEven))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The nearest whole number, halves to the even one.
  public func round(_ x: ValueID) throws -> ValueID { try apply(Round(), x) }
}
