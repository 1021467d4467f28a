import JacquardCore
import JacquardIR

/// The value times its hard sigmoid (https://arxiv.org/abs/1905.02244).
public struct HardSwish: ActivationOperation {
  public static let name = "hardSwish"
  public static let doc = OperationDoc(
    "The value times its hard sigmoid.",
    formula: "x * min(max(x / 6 + 1/2, 0), 1)",
    constraints: ["c1: the operand has a floating type"],
    conventions: [
      "as in PyTorch and ONNX",
      "NaN at -inf, where it is infinity times 0",
      "the derivative at the kinks is that of the middle piece",
    ])

  public static let samples = [
    OperationSample(HardSwish(), [.uniform("f32[3,5]", -2.5, 2.5)], ulps: 16),
    OperationSample(HardSwish(), [.signed("f32[3,5]", 3.2, 6)], gradient: .firstOrder(reason: "linear")),
  ]
  public static let violations = [
    OperationViolation(1, HardSwish(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try builder.multiply(inputs[0], builder.hardSigmoid(inputs[0]))]
  }
}

extension GraphBuilder {
  /// `x * hardSigmoid(x)`
  public func hardSwish(_ x: ValueID) throws -> ValueID { try apply(HardSwish(), x) }
}
