import JacquardCore
import JacquardIR

/// A sigmoid made of three straight lines.
public struct HardSigmoid: ActivationOperation {
  public static let name = "hardSigmoid"
  public static let defaults = [AttributeField("alpha", .float(1.0 / 6)), AttributeField("beta", .float(0.5))]
  public static let doc = OperationDoc(
    "A sigmoid made of three straight lines.",
    formula: "min(max(alpha * x + beta, 0), 1)",
    constraints: ["c1: the operand has a floating type", "c2: alpha and beta are finite"],
    conventions: [
      "alpha is 1/6 by default, as in PyTorch; ONNX's default is 0.2",
      "NaN stays NaN",
      "the derivative at both kinks is alpha",
    ])

  public static let samples = [
    OperationSample(
      HardSigmoid(alpha: 1.0 / 6, beta: 0.5), [.uniform("f32[3,5]", -2.5, 2.5)],
      gradient: .firstOrder(reason: "piecewise linear"), ulps: 16),
    OperationSample(
      HardSigmoid(alpha: 0.2, beta: 0.5), [.signed("f32[3,5]", 2.7, 6)],
      gradient: .firstOrder(reason: "piecewise linear")),
  ]
  public static let violations = [
    OperationViolation(1, HardSigmoid(alpha: 1.0 / 6, beta: 0.5), ["i32[2]"]),
    OperationViolation(2, HardSigmoid(alpha: .infinity, beta: 0.5), ["f32[2]"]),
    OperationViolation(2, HardSigmoid(alpha: 1, beta: .nan), ["f32[2]"]),
  ]

  /// The slope of the middle line.
  public let alpha: Double
  /// The value at 0.
  public let beta: Double

  /// The numbers are checked where types are inferred (c2).
  public init(alpha: Double, beta: Double) {
    self.alpha = alpha
    self.beta = beta
  }

  public func checkAttributes() throws {
    try require(2, alpha.isFinite, "alpha \(alpha) is not finite")
    try require(2, beta.isFinite, "beta \(beta) is not finite")
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let x = inputs[0]
    let line = try builder.add(builder.multiply(x, builder.scalar(alpha, for: x)), builder.scalar(beta, for: x))
    return [try builder.clamp(builder.scalar(0, for: x), line, builder.scalar(1, for: x))]
  }
}

extension GraphBuilder {
  /// `min(max(alpha * x + beta, 0), 1)`; by default PyTorch's.
  public func hardSigmoid(_ x: ValueID, alpha: Double = 1.0 / 6, beta: Double = 0.5) throws -> ValueID {
    try apply(HardSigmoid(alpha: alpha, beta: beta), x)
  }
}
