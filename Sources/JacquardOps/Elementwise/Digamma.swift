import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The derivative of the logarithm of the gamma function.
public struct Digamma: ScalarFunctionOperation {
  public static let name = "digamma"
  public static let function = ScalarFunction.digamma
  public static let doc = OperationDoc(
    "The derivative of the logarithm of the gamma function.",
    formula: "gamma'(x) / gamma(x): psi(x) = psi(x + 1) - 1 / x up to the asymptotic series "
      + "(https://dlmf.nist.gov/5.11.E2), psi(1 - x) = psi(x) + pi / tan(pi * x) for negative x; dx = g * trigamma(x)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "-inf at 0, inf at -0, inf at inf; NaN at negative whole numbers and at -inf",
      "f32 is computed in double precision and rounded: at most 1 ulp, but beside zeros of the function, where f64 is right to some 1e-15",
    ])

  public static let samples = [
    OperationSample(
      Digamma(), [.uniform("f32[3,5]", 1.6, 9)], gradient: .firstOrder(reason: "trigamma has no derivative here"),
      ulps: 128),
    OperationSample(
      Digamma(), [.uniform("f32[9]", -2.9, -2.1)], gradient: .firstOrder(reason: "trigamma has no derivative here"),
      ulps: 128),
  ]
  public static let violations = [
    OperationViolation(1, Digamma(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar { .float(Digamma.value(x[0].asDouble)) }

  /// By recurrence to 20, farther than the kernel goes, and the series there.
  private static func value(_ x: Double) -> Double {
    if x == 0 { return x.sign == .minus ? .infinity : -.infinity }
    if x < 0 {
      let rest = x - x.rounded()
      return x == -.infinity || rest == 0 ? .nan : value(1 - x) - Double.pi / tan(Double.pi * rest)
    }
    var (sum, argument) = (0.0, x)
    while argument < 20 {
      sum -= 1 / argument
      argument += 1
    }
    let inverse = 1 / (argument * argument)
    let bernoulli = [1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12]
    let series = bernoulli.reversed().reduce(0) { ($0 + $1) * inverse }
    return sum + log(argument) - 0.5 / argument - series
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let slope = try context.builder.trigamma(context.inputs[0])
    return .cotangents([.value(try context.builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The derivative of the logarithm of the gamma function.
  public func digamma(_ x: ValueID) throws -> ValueID { try apply(Digamma(), x) }
}
