import JacquardCore
import JacquardIR
import JacquardKernels

/// Whether both are true.
public struct LogicalAnd: ScalarFunctionOperation {
  public static let name = "logicalAnd"
  public static let function = ScalarFunction.logicalAnd
  public static let doc = OperationDoc(
    "Whether both are true.", formula: "a and b",
    constraints: [ElementRule.booleanDoc, ElementRule.broadcastDoc],
    conventions: ["no derivative reaches the operands"])

  public static let samples = [
    OperationSample(
      LogicalAnd(), [.integers("bool[3,4]", 0, 2), .integers("bool[3,4]", 0, 2)], gradient: .none(reason: "booleans")),
    OperationSample(
      LogicalAnd(), [.integers("bool[3,4]", 0, 2), .integers("bool[3,1]", 0, 2)], gradient: .none(reason: "booleans")),
  ]
  public static let violations = [
    OperationViolation(1, LogicalAnd(), ["bool[2]", "u8[2]"]),
    OperationViolation(2, LogicalAnd(), ["bool[2]", "bool[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.logical(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .bool(x[0].asBool && x[1].asBool)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// Whether both are true.
  public func logicalAnd(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(LogicalAnd(), a, b) }
}
