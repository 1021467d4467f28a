import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The natural logarithm of 1 + x, precise near 0.
public struct Log1p: ScalarFunctionOperation {
  public static let name = "log1p"
  public static let function = ScalarFunction.log1p
  public static let doc = OperationDoc(
    "The natural logarithm of 1 + x, precise near 0.", formula: "ln(1 + x); dx = g / (1 + x)",
    constraints: [ElementRule.floatDoc],
    conventions: ["log1p(-1) = -inf; NaN for x < -1; keeps the sign of a zero"])

  public static let samples = [
    OperationSample(Log1p(), [.uniform("f32[3,5]", -0.7, 3)])
  ]
  public static let violations = [
    OperationViolation(1, Log1p(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(log1p(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let sum = try context.builder.add(context.inputs[0], context.constant(1))
    return .cotangents([.value(try context.builder.divide(context.cotangent(), sum))])
  }
}

extension GraphBuilder {
  /// The natural logarithm of 1 + x, precise near 0.
  public func log1p(_ x: ValueID) throws -> ValueID { try apply(Log1p(), x) }
}
