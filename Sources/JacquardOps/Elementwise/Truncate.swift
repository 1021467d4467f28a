import JacquardCore
import JacquardIR
import JacquardKernels

/// The whole number next to the value towards zero.
public struct Truncate: ScalarFunctionOperation {
  public static let name = "truncate"
  public static let function = ScalarFunction.truncate
  public static let doc = OperationDoc(
    "The whole number next to the value towards zero.", formula: "sign(x) * floor(|x|)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "the derivative is 0 everywhere, the steps included",
      "keeps the sign of a zero, infinities and NaN",
    ])

  public static let samples = [
    OperationSample(Truncate(), [.signed("f32[3,5]", 0.1, 0.9)], gradient: .firstOrder(reason: "piecewise constant")),
    OperationSample(Truncate(), [.uniform("f32[3,5]", -9, 9)], gradient: .none(reason: "steps")),
  ]
  public static let violations = [
    OperationViolation(1, Truncate(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(x[0].asDouble.rounded(.towardZero))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The whole number next to the value towards zero.
  public func truncate(_ x: ValueID) throws -> ValueID { try apply(Truncate(), x) }
}
