import JacquardCore
import JacquardIR
import JacquardKernels

/// Whether exactly one is true.
public struct LogicalXor: ScalarFunctionOperation {
  public static let name = "logicalXor"
  public static let function = ScalarFunction.logicalXor
  public static let doc = OperationDoc(
    "Whether exactly one is true.", formula: "a xor b",
    constraints: [ElementRule.booleanDoc, ElementRule.broadcastDoc],
    conventions: ["no derivative reaches the operands"])

  public static let samples = [
    OperationSample(
      LogicalXor(), [.integers("bool[3,4]", 0, 2), .integers("bool[3,4]", 0, 2)], gradient: .none(reason: "booleans")),
    OperationSample(
      LogicalXor(), [.integers("bool[3,4]", 0, 2), .integers("bool[3,1]", 0, 2)], gradient: .none(reason: "booleans")),
  ]
  public static let violations = [
    OperationViolation(1, LogicalXor(), ["bool[2]", "u8[2]"]),
    OperationViolation(2, LogicalXor(), ["bool[2]", "bool[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.logical(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .bool(x[0].asBool != x[1].asBool)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// Whether exactly one is true.
  public func logicalXor(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(LogicalXor(), a, b) }
}
