import JacquardCore
import JacquardIR

/// The sigmoid linear unit, also called swish.
public struct Silu: ActivationOperation {
  public static let name = "silu"
  public static let doc = OperationDoc(
    "The value times its logistic function.", formula: "x * sigmoid(x)",
    constraints: ["c1: the operand has a floating type"],
    conventions: ["NaN at -inf, where it is infinity times 0"])

  public static let samples = [OperationSample(Silu(), [.uniform("f32[3,5]", -3, 3)])]
  public static let violations = [OperationViolation(1, Silu(), ["i32[2]"])]

  /// The operation, which has no attributes.
  public init() {}

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try builder.multiply(inputs[0], builder.sigmoid(inputs[0]))]
  }
}

extension GraphBuilder {
  /// `x * sigmoid(x)`
  public func silu(_ x: ValueID) throws -> ValueID { try apply(Silu(), x) }
}
