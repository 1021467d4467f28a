import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The hyperbolic tangent.
public struct Tanh: ScalarFunctionOperation {
  public static let name = "tanh"
  public static let function = ScalarFunction.tanh
  public static let doc = OperationDoc(
    "The hyperbolic tangent.", formula: "tanh x; dx = g * (1 - y^2)",
    constraints: [ElementRule.floatDoc],
    conventions: ["tanh(inf) = 1, where the derivative is 0; keeps the sign of a zero"])

  public static let samples = [
    OperationSample(Tanh(), [.uniform("f32[3,5]", -2, 2)])
  ]
  public static let violations = [
    OperationViolation(1, Tanh(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(tanh(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, y) = (context.builder, context.outputs[0])
    let slope = try builder.subtract(context.constant(1), builder.multiply(y, y))
    return .cotangents([.value(try builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The hyperbolic tangent.
  public func tanh(_ x: ValueID) throws -> ValueID { try apply(Tanh(), x) }
}
