import JacquardCore
import JacquardIR
import JacquardKernels

/// The magnitude.
public struct Abs: ScalarFunctionOperation {
  public static let name = "abs"
  public static let function = ScalarFunction.abs
  public static let doc = OperationDoc(
    "The magnitude.", formula: "|x|; dx = g * sign(x)",
    constraints: [ElementRule.numericDoc],
    conventions: [
      "the derivative at 0 is 0, whatever the cotangent",
      "integers wrap around: the smallest one is its own magnitude",
    ])

  public static let samples = [
    OperationSample(Abs(), [.signed("f32[3,5]", 0.2, 2)], gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(Abs(), [.integers("i32[7]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Abs(), ["bool[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if case .unsigned = x[0] { return x[0] }
    if case .int(let a) = x[0] { return .int(a < 0 ? 0 &- a : a) }
    return .float(x[0].asDouble.magnitude)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let builder = context.builder
    let (x, zero) = (context.inputs[0], try context.constant(0))
    let slope = try builder.multiply(context.cotangent(), builder.sign(x))
    return .cotangents([.value(try builder.select(builder.equal(x, zero), zero, slope))])
  }
}

extension GraphBuilder {
  /// The magnitude.
  public func abs(_ x: ValueID) throws -> ValueID { try apply(Abs(), x) }
}
