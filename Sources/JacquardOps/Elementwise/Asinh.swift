import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The inverse hyperbolic sine.
public struct Asinh: ScalarFunctionOperation {
  public static let name = "asinh"
  public static let function = ScalarFunction.asinh
  public static let doc = OperationDoc(
    "The inverse hyperbolic sine.", formula: "ln(x + sqrt(x^2 + 1)); dx = g / sqrt(x^2 + 1)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "keeps infinities and the sign of a zero",
      "the derivative is 0 where x^2 is infinite",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Asinh(), [.uniform("f32[3,5]", -3, 3)])
  ]
  public static let violations = [
    OperationViolation(1, Asinh(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(asinh(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, x, g) = (context.builder, context.inputs[0], try context.cotangent())
    let slope = try b.rsqrt(b.add(b.multiply(x, x), context.constant(1)))
    return .cotangents([.value(try b.multiply(g, slope))])
  }
}

extension GraphBuilder {
  /// The inverse hyperbolic sine.
  public func asinh(_ x: ValueID) throws -> ValueID { try apply(Asinh(), x) }
}
