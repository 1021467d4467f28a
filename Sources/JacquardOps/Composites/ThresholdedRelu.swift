import JacquardCore
import JacquardIR

/// The rectifier that begins at a threshold (https://arxiv.org/abs/1402.3337).
public struct ThresholdedRelu: ActivationOperation {
  public static let name = "thresholdedRelu"
  public static let defaults = [AttributeField("alpha", .float(1))]
  public static let doc = OperationDoc(
    "The value where it is greater than alpha, else 0.",
    formula: "x > alpha ? x : 0",
    constraints: ["c1: the operand has a floating type", "c2: alpha is finite"],
    conventions: [
      "alpha is 1 by default, as in ONNX; PyTorch's threshold(x, alpha, 0)",
      "0 at alpha itself, with derivative 0; 0 for NaN",
    ])

  public static let samples = [
    OperationSample(
      ThresholdedRelu(alpha: 1), [.signed("f32[3,5]", 0.2, 0.9)], gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      ThresholdedRelu(alpha: 0.5), [.signed("f32[3,5]", 0.6, 2)], gradient: .firstOrder(reason: "piecewise linear")),
  ]
  public static let violations = [
    OperationViolation(1, ThresholdedRelu(alpha: 1), ["i32[2]"]),
    OperationViolation(2, ThresholdedRelu(alpha: .nan), ["f32[2]"]),
  ]

  /// Values up to here become 0.
  public let alpha: Double

  /// The number is checked where types are inferred (c2).
  public init(alpha: Double) {
    self.alpha = alpha
  }

  public func checkAttributes() throws {
    try require(2, alpha.isFinite, "alpha \(alpha) is not finite")
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let x = inputs[0]
    return [try builder.select(builder.greater(x, builder.scalar(alpha, for: x)), x, builder.scalar(0, for: x))]
  }
}

extension GraphBuilder {
  /// `x` where greater than `alpha`, else 0.
  public func thresholdedRelu(_ x: ValueID, alpha: Double = 1) throws -> ValueID {
    try apply(ThresholdedRelu(alpha: alpha), x)
  }
}
