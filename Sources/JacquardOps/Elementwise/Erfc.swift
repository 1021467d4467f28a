import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The complementary error function, exact where it is small.
public struct Erfc: ScalarFunctionOperation {
  public static let name = "erfc"
  public static let function = ScalarFunction.erfc
  public static let doc = OperationDoc(
    "The complementary error function, exact where it is small.",
    formula: "1 - erf(x) = 2 / sqrt(pi) * integral of e^(-t^2) from x to infinity; dx = -g * 2 / sqrt(pi) * e^(-x^2)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "2 at -inf, 0 at inf, where the derivative is 0",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Erfc(), [.uniform("f32[3,5]", -2, 2)])
  ]
  public static let violations = [
    OperationViolation(1, Erfc(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(erfc(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, x, g) = (context.builder, context.inputs[0], try context.cotangent())
    let bell = try b.exp(b.negate(b.multiply(x, x)))
    let scaled = try b.multiply(g, context.constant(-2 / Double.pi.squareRoot()))
    return .cotangents([.value(try b.multiply(scaled, bell))])
  }
}

extension GraphBuilder {
  /// The complementary error function, exact where it is small.
  public func erfc(_ x: ValueID) throws -> ValueID { try apply(Erfc(), x) }
}
