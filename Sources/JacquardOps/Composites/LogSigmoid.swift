import JacquardCore
import JacquardIR

/// The logarithm of the logistic function.
public struct LogSigmoid: ActivationOperation {
  public static let name = "logSigmoid"
  public static let doc = OperationDoc(
    "The logarithm of the logistic function.",
    formula: "ln sigmoid(x) = -softplus(-x); dx = g * sigmoid(-x)",
    constraints: ["c1: the operand has a floating type"],
    conventions: [
      "never overflows",
      "NaN stays NaN",
    ])

  public static let samples = [
    OperationSample(LogSigmoid(), [.signed("f32[3,5]", 0.1, 4)])
  ]
  public static let violations = [
    OperationViolation(1, LogSigmoid(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try builder.negate(builder.softplus(builder.negate(inputs[0])))]
  }
}

extension GraphBuilder {
  /// `ln(sigmoid(x))`, without overflow.
  public func logSigmoid(_ x: ValueID) throws -> ValueID { try apply(LogSigmoid(), x) }
}
