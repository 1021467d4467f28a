import JacquardCore
import JacquardIR
import JacquardKernels

/// The bits that both have.
public struct BitwiseAnd: ScalarFunctionOperation {
  public static let name = "bitwiseAnd"
  public static let function = ScalarFunction.bitwiseAnd
  public static let doc = OperationDoc(
    "The bits that both have.", formula: "a & b",
    constraints: [ElementRule.integerDoc, ElementRule.broadcastDoc],
    conventions: [
      "booleans have logic of their own"
    ])

  public static let samples = [
    OperationSample(
      BitwiseAnd(), [.integers("i32[3,4]", -9, 9), .integers("i32[4]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(
      BitwiseAnd(), [.integers("u8[7]", 0, 256), .integers("u8[]", 0, 256)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, BitwiseAnd(), ["f32[2]", "f32[2]"]),
    OperationViolation(1, BitwiseAnd(), ["bool[2]", "bool[2]"]),
    OperationViolation(2, BitwiseAnd(), ["i32[2]", "i32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.integer(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .int(x[0].asInt & x[1].asInt)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The bits that both have.
  public func bitwiseAnd(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(BitwiseAnd(), a, b) }
}
