import JacquardCore
import JacquardIR
import JacquardKernels

/// The largest whole number that is not greater.
public struct Floor: ScalarFunctionOperation {
  public static let name = "floor"
  public static let function = ScalarFunction.floor
  public static let doc = OperationDoc(
    "The largest whole number that is not greater.", formula: "floor(x)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "the derivative is 0 everywhere, the steps included",
      "keeps the sign of a zero, infinities and NaN",
    ])

  public static let samples = [
    OperationSample(Floor(), [.uniform("f32[3,5]", 0.1, 0.9)], gradient: .firstOrder(reason: "piecewise constant")),
    OperationSample(Floor(), [.uniform("f32[3,5]", -9, 9)], gradient: .none(reason: "steps")),
  ]
  public static let violations = [
    OperationViolation(1, Floor(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(x[0].asDouble.rounded(.down))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The largest whole number that is not greater.
  public func floor(_ x: ValueID) throws -> ValueID { try apply(Floor(), x) }
}
