import JacquardCore
import JacquardIR

/// The cross-entropy of a label between 0 and 1 and the probability sigmoid(logit).
public struct BinaryCrossEntropyWithLogits: PairLossOperation {
  public static let name = "binaryCrossEntropyWithLogits"
  public static let doc = OperationDoc(
    "The cross-entropy of a label between 0 and 1 and the probability sigmoid(logit); operands logits, labels.",
    formula:
      "softplus(x) - x * z = max(x, 0) - x * z + log1p(e^-|x|), x the logit, z the label; dx = g * (sigmoid(x) - z)",
    constraints: PairLossRule.constraints,
    conventions: ["never overflows for finite logits", LossReduction.convention])

  public static let samples = LossReduction.allCases.map { reduction in
    OperationSample(
      BinaryCrossEntropyWithLogits(reduction), [.signed("f32[3,2,4]", 0.1, 3), .uniform("f32[3,2,4]", 0, 1)], ulps: 32)
  }
  public static let violations = [
    OperationViolation(1, BinaryCrossEntropyWithLogits(.mean), ["f32[2]", "bool[2]"]),
    OperationViolation(2, BinaryCrossEntropyWithLogits(.mean), ["f32[2]", "f32[2,1]"]),
  ]

  public let reduction: LossReduction

  /// The loss, reduced in this way.
  public init(_ reduction: LossReduction) { self.reduction = reduction }

  public func losses(_ builder: GraphBuilder, _ a: ValueID, _ b: ValueID) throws -> ValueID {
    try builder.subtract(builder.softplus(a), builder.multiply(a, b))
  }
}

extension GraphBuilder {
  /// The cross-entropy of labels between 0 and 1 and the probabilities sigmoid(logits), reduced.
  public func binaryCrossEntropyWithLogits(
    logits: ValueID, labels: ValueID, reduction: LossReduction = .mean
  ) throws -> ValueID {
    try apply(BinaryCrossEntropyWithLogits(reduction), logits, labels)
  }
}
