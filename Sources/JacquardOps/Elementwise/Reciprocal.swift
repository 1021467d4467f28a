import JacquardCore
import JacquardIR
import JacquardKernels

/// One divided by the value.
public struct Reciprocal: ScalarFunctionOperation {
  public static let name = "reciprocal"
  public static let function = ScalarFunction.reciprocal
  public static let doc = OperationDoc(
    "One divided by the value.", formula: "1 / x; dx = -g * y^2",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "an infinity with the sign of a zero; a zero with the sign of an infinity"
    ])

  public static let samples = [
    OperationSample(Reciprocal(), [.signed("f32[3,5]", 0.4, 2)])
  ]
  public static let violations = [
    OperationViolation(1, Reciprocal(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(1 / x[0].asDouble)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, y) = (context.builder, context.outputs[0])
    return .cotangents([.value(try b.negate(b.multiply(context.cotangent(), b.multiply(y, y))))])
  }
}

extension GraphBuilder {
  /// One divided by the value.
  public func reciprocal(_ x: ValueID) throws -> ValueID { try apply(Reciprocal(), x) }
}
