import JacquardCore
import JacquardIR
import JacquardKernels

/// The square root.
public struct Sqrt: ScalarFunctionOperation {
  public static let name = "sqrt"
  public static let function = ScalarFunction.sqrt
  public static let doc = OperationDoc(
    "The square root.", formula: "sqrt(x); dx = g / 2 / y",
    constraints: [ElementRule.floatDoc],
    conventions: ["sqrt(-0) = -0; NaN for x < 0", "the derivative at 0 is +inf"])

  public static let samples = [
    OperationSample(Sqrt(), [.uniform("f32[3,5]", 0.2, 3)])
  ]
  public static let violations = [
    OperationViolation(1, Sqrt(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(x[0].asDouble.squareRoot())
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let half = try context.builder.multiply(context.cotangent(), context.constant(0.5))
    return .cotangents([.value(try context.builder.divide(half, context.outputs[0]))])
  }
}

extension GraphBuilder {
  /// The square root.
  public func sqrt(_ x: ValueID) throws -> ValueID { try apply(Sqrt(), x) }
}
