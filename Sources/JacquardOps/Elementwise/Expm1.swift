import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The exponential less 1, precise near 0.
public struct Expm1: ScalarFunctionOperation {
  public static let name = "expm1"
  public static let function = ScalarFunction.expm1
  public static let doc = OperationDoc(
    "The exponential less 1, precise near 0.", formula: "e^x - 1; dx = g * (y + 1)",
    constraints: [ElementRule.floatDoc],
    conventions: ["keeps the sign of a zero"])

  public static let samples = [
    OperationSample(Expm1(), [.uniform("f32[3,5]", -2, 2)])
  ]
  public static let violations = [
    OperationViolation(1, Expm1(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(expm1(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let slope = try context.builder.add(context.outputs[0], context.constant(1))
    return .cotangents([.value(try context.builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The exponential less 1, precise near 0.
  public func expm1(_ x: ValueID) throws -> ValueID { try apply(Expm1(), x) }
}
