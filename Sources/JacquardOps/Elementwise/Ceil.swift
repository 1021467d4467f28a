import JacquardCore
import JacquardIR
import JacquardKernels

/// The smallest whole number that is not less.
public struct Ceil: ScalarFunctionOperation {
  public static let name = "ceil"
  public static let function = ScalarFunction.ceil
  public static let doc = OperationDoc(
    "The smallest whole number that is not less.", formula: "ceil(x)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "the derivative is 0 everywhere, the steps included",
      "keeps the sign of a zero, infinities and NaN",
    ])

  public static let samples = [
    OperationSample(Ceil(), [.uniform("f32[3,5]", 0.1, 0.9)], gradient: .firstOrder(reason: "piecewise constant")),
    OperationSample(Ceil(), [.uniform("f32[3,5]", -9, 9)], gradient: .none(reason: "steps")),
  ]
  public static let violations = [
    OperationViolation(1, Ceil(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(x[0].asDouble.rounded(.up))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The smallest whole number that is not less.
  public func ceil(_ x: ValueID) throws -> ValueID { try apply(Ceil(), x) }
}
