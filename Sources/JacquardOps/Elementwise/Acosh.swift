import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The inverse hyperbolic cosine.
public struct Acosh: ScalarFunctionOperation {
  public static let name = "acosh"
  public static let function = ScalarFunction.acosh
  public static let doc = OperationDoc(
    "The inverse hyperbolic cosine.", formula: "ln(x + sqrt(x^2 - 1)), x >= 1; dx = g / (sqrt(x - 1) * sqrt(x + 1))",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "NaN below 1, with its derivative",
      "the derivative is infinite at 1",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Acosh(), [.uniform("f32[3,5]", 1.3, 4)], ulps: 16)
  ]
  public static let violations = [
    OperationViolation(1, Acosh(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(acosh(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, x, g) = (context.builder, context.inputs[0], try context.cotangent())
    let one = try context.constant(1)
    let slope = try b.multiply(b.rsqrt(b.subtract(x, one)), b.rsqrt(b.add(x, one)))
    return .cotangents([.value(try b.multiply(g, slope))])
  }
}

extension GraphBuilder {
  /// The inverse hyperbolic cosine.
  public func acosh(_ x: ValueID) throws -> ValueID { try apply(Acosh(), x) }
}
