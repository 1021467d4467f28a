import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the division rounded down leaves, with the sign of the divisor (Python's %).
public struct FloorMod: ScalarFunctionOperation {
  public static let name = "floorMod"
  public static let function = ScalarFunction.floorMod
  public static let doc = OperationDoc(
    "What the division rounded down leaves, with the sign of the divisor (Python's %).",
    formula: "a - b * floor(a / b); da = g, db = -g * floor(a / b)",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: [
      "floats as NumPy's: a zero has the sign of the divisor; NaN for an infinite dividend or a zero divisor",
      "integers: x % 0 = 0",
      "the derivatives at the steps are those of the formula",
    ])

  public static let samples = [
    OperationSample(
      FloorMod(), [.uniform("f32[3,4]", 2.2, 2.8), .signed("f32[3,4]", 1.5, 2)],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      FloorMod(), [.uniform("f32[2,3,5]", -9, 9), .signed("f32[3,1]", 0.5, 2)], gradient: .none(reason: "steps")),
    OperationSample(
      FloorMod(), [.integers("i32[7]", -9, 9), .integers("i32[]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, FloorMod(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, FloorMod(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if case .unsigned(let a) = x[0], case .unsigned(let b) = x[1] { return .unsigned(b == 0 ? 0 : a % b) }
    if case .int(let a) = x[0], case .int(let b) = x[1] {
      if b == 0 || b == -1 { return .int(0) }
      let rest = a % b
      return .int(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest)
    }
    let (rest, b) = (fmod(x[0].asDouble, x[1].asDouble), x[1].asDouble)
    if rest == 0 { return .float(Double(signOf: b, magnitudeOf: 0)) }
    return .float((rest < 0) != (b < 0) ? rest + b : rest)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, g) = (context.builder, try context.cotangent())
    return try context.perInput { k in
      if k == 0 { return g }
      let quotient = try builder.floorDivide(context.inputs[0], context.inputs[1])
      return try builder.negate(builder.multiply(g, quotient))
    }
  }
}

extension GraphBuilder {
  /// What the division rounded down leaves, with the sign of the divisor (Python's %).
  public func floorMod(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(FloorMod(), a, b) }
}
