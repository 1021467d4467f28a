import JacquardCore
import JacquardIR

/// The self-normalising exponential linear unit (https://arxiv.org/abs/1706.02515).
public struct Selu: ActivationOperation {
  public static let name = "selu"
  public static let doc = OperationDoc(
    "The exponential linear unit, scaled so that mean 0 and variance 1 are kept.",
    formula: "scale * (x > 0 ? x : alpha * (e^x - 1)), alpha = 1.6732632423543772, scale = 1.0507009873554805",
    constraints: ["c1: the operand has a floating type"],
    conventions: [
      "the constants are PyTorch's; ONNX's are the same in f32",
      "NaN stays NaN",
      "the derivative at 0 is scale * alpha",
    ])

  public static let samples = [
    OperationSample(Selu(), [.signed("f32[3,5]", 0.2, 2)], ulps: 16)
  ]
  public static let violations = [
    OperationViolation(1, Selu(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  /// The solutions of the fixed-point equations of the paper's section 2.
  private static let (alpha, scale) = (1.6732632423543772848170429916717, 1.0507009873554804934193349852946)

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try builder.multiply(builder.elu(inputs[0], alpha: Selu.alpha), builder.scalar(Selu.scale, for: inputs[0]))]
  }
}

extension GraphBuilder {
  /// The self-normalising exponential linear unit.
  public func selu(_ x: ValueID) throws -> ValueID { try apply(Selu(), x) }
}
