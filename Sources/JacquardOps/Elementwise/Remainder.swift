import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the division leaves, with the sign of the dividend (C's fmod and %).
public struct Remainder: ScalarFunctionOperation {
  public static let name = "remainder"
  public static let function = ScalarFunction.remainder
  public static let doc = OperationDoc(
    "What the division leaves, with the sign of the dividend (C's fmod and %).",
    formula: "a - b * trunc(a / b); da = g, db = -g * trunc(a / b)",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: [
      "floats: exact; NaN for an infinite dividend or a zero divisor, the dividend for an infinite divisor",
      "integers: x % 0 = 0",
      "the derivatives at the steps are those of the formula",
    ])

  public static let samples = [
    OperationSample(
      Remainder(), [.uniform("f32[3,4]", 2.2, 2.8), .signed("f32[3,4]", 1.5, 2)],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      Remainder(), [.uniform("f32[2,3,5]", -9, 9), .signed("f32[3,1]", 0.5, 2)], gradient: .none(reason: "steps")),
    OperationSample(
      Remainder(), [.integers("i32[7]", -9, 9), .integers("i32[]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Remainder(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, Remainder(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if case .unsigned(let a) = x[0], case .unsigned(let b) = x[1] { return .unsigned(b == 0 ? 0 : a % b) }
    guard case .int(let a) = x[0], case .int(let b) = x[1] else { return .float(fmod(x[0].asDouble, x[1].asDouble)) }
    return .int(b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, g) = (context.builder, try context.cotangent())
    return try context.perInput { k in
      if k == 0 { return g }
      let quotient = try builder.truncate(builder.divide(context.inputs[0], context.inputs[1]))
      return try builder.negate(builder.multiply(g, quotient))
    }
  }
}

extension GraphBuilder {
  /// What the division leaves, with the sign of the dividend (C's fmod and %).
  public func remainder(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Remainder(), a, b) }
}
