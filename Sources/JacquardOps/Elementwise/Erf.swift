import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The error function.
public struct Erf: ScalarFunctionOperation {
  public static let name = "erf"
  public static let function = ScalarFunction.erf
  public static let doc = OperationDoc(
    "The error function.", formula: "2 / sqrt(pi) * integral of e^(-t^2) from 0 to x; dx = g * 2 / sqrt(pi) * e^(-x^2)",
    constraints: [ElementRule.floatDoc],
    conventions: ["-1 at -inf, 1 at inf, where the derivative is 0; keeps the sign of a zero"])

  public static let samples = [
    OperationSample(Erf(), [.uniform("f32[3,5]", -2, 2)])
  ]
  public static let violations = [
    OperationViolation(1, Erf(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(erf(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, x) = (context.builder, context.inputs[0])
    let bell = try builder.exp(builder.negate(builder.multiply(x, x)))
    let scaled = try builder.multiply(context.cotangent(), context.constant(2 / Double.pi.squareRoot()))
    return .cotangents([.value(try builder.multiply(scaled, bell))])
  }
}

extension GraphBuilder {
  /// The error function.
  public func erf(_ x: ValueID) throws -> ValueID { try apply(Erf(), x) }
}
