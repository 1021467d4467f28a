import JacquardCore
import JacquardIR
import JacquardKernels

/// The negated value.
public struct Negate: ScalarFunctionOperation {
  public static let name = "negate"
  public static let function = ScalarFunction.negate
  public static let doc = OperationDoc(
    "The negated value.", formula: "-x",
    constraints: [ElementRule.numericDoc],
    conventions: ["integers wrap around: the smallest one is its own negation"])

  public static let samples = [
    OperationSample(Negate(), [.uniform("f32[3,5]", -2, 2)]),
    OperationSample(Negate(), [.integers("i32[7]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Negate(), ["bool[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if let a = x[0].integerBits { return .int(0 &- a) }
    return .float(-x[0].asDouble)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    return .cotangents([.value(try context.builder.negate(g))])
  }
}

extension GraphBuilder {
  /// The negated value.
  public func negate(_ x: ValueID) throws -> ValueID { try apply(Negate(), x) }
}
