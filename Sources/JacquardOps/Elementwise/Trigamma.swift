import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The second derivative of the logarithm of the gamma function.
public struct Trigamma: ScalarFunctionOperation {
  public static let name = "trigamma"
  public static let function = ScalarFunction.trigamma
  public static let doc = OperationDoc(
    "The derivative of the digamma function.",
    formula: "psi'(x) = psi'(x + 1) + 1 / x^2 up to the asymptotic series (https://dlmf.nist.gov/5.15.E8), "
      + "psi'(1 - x) = pi^2 / sin(pi * x)^2 - psi'(x) for negative x",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "inf at 0 and at negative whole numbers, 0 at inf, NaN at -inf",
      "no derivative: that would be the next polygamma function",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(
      Trigamma(), [.uniform("f32[3,5]", 0.5, 9)], gradient: .none(reason: "not differentiable"), ulps: 64),
    OperationSample(
      Trigamma(), [.uniform("f32[9]", -2.9, -2.1)], gradient: .none(reason: "not differentiable"), ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, Trigamma(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar { .float(Trigamma.value(x[0].asDouble)) }

  /// By recurrence to 20, farther than the kernel goes, and the series there.
  private static func value(_ x: Double) -> Double {
    if x == -.infinity || x.isNaN { return .nan }
    if x <= 0 {
      let rest = x - x.rounded()
      let side = Double.pi / sin(Double.pi * rest)
      return side.isInfinite ? .infinity : side * side - value(1 - x)
    }
    var (sum, argument) = (0.0, x)
    while argument < 20 {
      sum += 1 / (argument * argument)
      argument += 1
    }
    let inverse = 1 / (argument * argument)
    let bernoulli = [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6]
    let series = bernoulli.reversed().reduce(0) { ($0 + $1) * inverse }
    return sum + (1 + 0.5 / argument + series) / argument
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .nonDifferentiable("trigamma: further polygamma functions are not among the operations")
  }
}

extension GraphBuilder {
  /// The derivative of the digamma function.
  public func trigamma(_ x: ValueID) throws -> ValueID { try apply(Trigamma(), x) }
}
