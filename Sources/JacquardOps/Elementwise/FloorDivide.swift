import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The quotient rounded down (Python's //).
public struct FloorDivide: ScalarFunctionOperation {
  public static let name = "floorDivide"
  public static let function = ScalarFunction.floorDivide
  public static let doc = OperationDoc(
    "The quotient rounded down (Python's //).", formula: "floor(a / b)",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: [
      "floats as NumPy's, without the error of a rounded quotient: a / b for b = 0, NaN for an infinite dividend",
      "integers: x // 0 = 0, and the smallest integer // -1 is itself",
      "the derivative is 0 everywhere, the steps included",
    ])

  public static let samples = [
    OperationSample(
      FloorDivide(), [.uniform("f32[3,4]", 2.2, 2.8), .signed("f32[3,4]", 1.5, 2)],
      gradient: .firstOrder(reason: "piecewise constant")),
    OperationSample(
      FloorDivide(), [.uniform("f32[2,3,5]", -9, 9), .signed("f32[3,1]", 0.5, 2)], gradient: .none(reason: "steps")),
    OperationSample(
      FloorDivide(), [.integers("i32[7]", -9, 9), .integers("i32[]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, FloorDivide(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, FloorDivide(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if case .unsigned(let a) = x[0], case .unsigned(let b) = x[1] { return .unsigned(b == 0 ? 0 : a / b) }
    if case .int(let a) = x[0], case .int(let b) = x[1] {
      if b == 0 { return .int(0) }
      let quotient = a.dividedReportingOverflow(by: b).partialValue
      let isInexact = b != -1 && a % b != 0
      return .int(isInexact && (a < 0) != (b < 0) ? quotient - 1 : quotient)
    }
    return .float(FloorDivide.quotient(x[0].asDouble, x[1].asDouble))
  }

  /// The multiple of b that is left after the remainder, divided: all but a whole number.
  private static func quotient(_ a: Double, _ b: Double) -> Double {
    if b == 0 { return a / b }
    let rest = fmod(a, b)
    let quotient = (a - rest) / b - (rest != 0 && (rest < 0) != (b < 0) ? 1 : 0)
    if quotient == 0 { return Double(signOf: a / b, magnitudeOf: 0) }
    return quotient.rounded(.toNearestOrEven)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The quotient rounded down (Python's //).
  public func floorDivide(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(FloorDivide(), a, b) }
}
