import JacquardCore
import JacquardIR

/// A smooth activation that lets small negative values through (https://arxiv.org/abs/1908.08681).
public struct Mish: ActivationOperation {
  public static let name = "mish"
  public static let doc = OperationDoc(
    "The value times the hyperbolic tangent of its softplus.",
    formula: "x * tanh(ln(1 + e^x))",
    constraints: ["c1: the operand has a floating type"],
    conventions: [
      "NaN at -inf, where it is infinity times 0"
    ])

  public static let samples = [
    OperationSample(Mish(), [.signed("f32[3,5]", 0.1, 3)], ulps: 16)
  ]
  public static let violations = [
    OperationViolation(1, Mish(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try builder.multiply(inputs[0], builder.tanh(builder.softplus(inputs[0])))]
  }
}

extension GraphBuilder {
  /// `x * tanh(softplus(x))`
  public func mish(_ x: ValueID) throws -> ValueID { try apply(Mish(), x) }
}
