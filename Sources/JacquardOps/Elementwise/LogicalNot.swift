import JacquardCore
import JacquardIR
import JacquardKernels

/// Whether the value is false.
public struct LogicalNot: ScalarFunctionOperation {
  public static let name = "logicalNot"
  public static let function = ScalarFunction.logicalNot
  public static let doc = OperationDoc(
    "Whether the value is false.", formula: "not x",
    constraints: [ElementRule.booleanDoc],
    conventions: ["no derivative reaches the operand"])

  public static let samples = [
    OperationSample(LogicalNot(), [.integers("bool[3,4]", 0, 2)], gradient: .none(reason: "booleans"))
  ]
  public static let violations = [
    OperationViolation(1, LogicalNot(), ["u8[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.logical(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .bool(!x[0].asBool)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// Whether the value is false.
  public func logicalNot(_ x: ValueID) throws -> ValueID { try apply(LogicalNot(), x) }
}
