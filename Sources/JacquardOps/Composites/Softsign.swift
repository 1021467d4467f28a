import JacquardCore
import JacquardIR

/// A sigmoid that approaches its limits slowly.
public struct Softsign: ActivationOperation {
  public static let name = "softsign"
  public static let doc = OperationDoc(
    "The value divided by one more than its magnitude.",
    formula: "x / (1 + |x|)",
    constraints: ["c1: the operand has a floating type"],
    conventions: [
      "NaN for infinities",
      "keeps the sign of a zero, where the derivative is 1",
    ])

  public static let samples = [
    OperationSample(Softsign(), [.signed("f32[3,5]", 0.2, 3)])
  ]
  public static let violations = [
    OperationViolation(1, Softsign(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try builder.divide(inputs[0], builder.add(builder.abs(inputs[0]), builder.scalar(1, for: inputs[0])))]
  }
}

extension GraphBuilder {
  /// `x / (1 + |x|)`
  public func softsign(_ x: ValueID) throws -> ValueID { try apply(Softsign(), x) }
}
