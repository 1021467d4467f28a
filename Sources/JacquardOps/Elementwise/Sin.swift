import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The sine.
public struct Sin: ScalarFunctionOperation {
  public static let name = "sin"
  public static let function = ScalarFunction.sin
  public static let doc = OperationDoc(
    "The sine.", formula: "sin x, x in radians; dx = g * cos x",
    constraints: [ElementRule.floatDoc],
    conventions: ["NaN for infinities; keeps the sign of a zero"])

  public static let samples = [
    OperationSample(Sin(), [.uniform("f32[3,5]", -6, 6)])
  ]
  public static let violations = [
    OperationViolation(1, Sin(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(sin(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let slope = try context.builder.cos(context.inputs[0])
    return .cotangents([.value(try context.builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The sine.
  public func sin(_ x: ValueID) throws -> ValueID { try apply(Sin(), x) }
}
