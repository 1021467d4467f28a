import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The logistic function.
public struct Sigmoid: ScalarFunctionOperation {
  public static let name = "sigmoid"
  public static let function = ScalarFunction.sigmoid
  public static let doc = OperationDoc(
    "The logistic function.", formula: "1 / (1 + e^-x); dx = g * (y * (1 - y))",
    constraints: [ElementRule.floatDoc],
    conventions: ["never overflows: 0 at -inf, 1 at inf, where the derivative is 0"])

  public static let samples = [
    OperationSample(Sigmoid(), [.uniform("f32[3,5]", -4, 4)])
  ]
  public static let violations = [
    OperationViolation(1, Sigmoid(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    let a = x[0].asDouble
    let e = exp(-a.magnitude)
    return .float(a < 0 ? e / (1 + e) : 1 / (1 + e))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, y) = (context.builder, context.outputs[0])
    let slope = try builder.multiply(y, builder.subtract(context.constant(1), y))
    return .cotangents([.value(try builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The logistic function.
  public func sigmoid(_ x: ValueID) throws -> ValueID { try apply(Sigmoid(), x) }
}
