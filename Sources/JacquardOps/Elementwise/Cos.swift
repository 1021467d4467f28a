import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The cosine.
public struct Cos: ScalarFunctionOperation {
  public static let name = "cos"
  public static let function = ScalarFunction.cos
  public static let doc = OperationDoc(
    "The cosine.", formula: "cos x, x in radians; dx = -(g * sin x)",
    constraints: [ElementRule.floatDoc],
    conventions: ["NaN for infinities"])

  public static let samples = [
    OperationSample(Cos(), [.uniform("f32[3,5]", -6, 6)])
  ]
  public static let violations = [
    OperationViolation(1, Cos(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(cos(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let builder = context.builder
    let product = try builder.multiply(context.cotangent(), builder.sin(context.inputs[0]))
    return .cotangents([.value(try builder.negate(product))])
  }
}

extension GraphBuilder {
  /// The cosine.
  public func cos(_ x: ValueID) throws -> ValueID { try apply(Cos(), x) }
}
