import JacquardCore
import JacquardIR
import JacquardKernels

/// The bits that either has.
public struct BitwiseOr: ScalarFunctionOperation {
  public static let name = "bitwiseOr"
  public static let function = ScalarFunction.bitwiseOr
  public static let doc = OperationDoc(
    "The bits that either has.", formula: "a | b",
    constraints: [ElementRule.integerDoc, ElementRule.broadcastDoc],
    conventions: [
      "booleans have logic of their own"
    ])

  public static let samples = [
    OperationSample(
      BitwiseOr(), [.integers("i32[3,4]", -9, 9), .integers("i32[4]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(
      BitwiseOr(), [.integers("u8[7]", 0, 256), .integers("u8[]", 0, 256)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, BitwiseOr(), ["f32[2]", "f32[2]"]),
    OperationViolation(1, BitwiseOr(), ["bool[2]", "bool[2]"]),
    OperationViolation(2, BitwiseOr(), ["i32[2]", "i32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.integer(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .int(x[0].asInt | x[1].asInt)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The bits that either has.
  public func bitwiseOr(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(BitwiseOr(), a, b) }
}
