import JacquardCore
import JacquardIR

/// The continuously differentiable exponential linear unit (https://arxiv.org/abs/1704.07483).
public struct Celu: ActivationOperation {
  public static let name = "celu"
  public static let defaults = [AttributeField("alpha", .float(1))]
  public static let doc = OperationDoc(
    "The value where positive, else an exponential that runs to -alpha with slope 1 at 0.",
    formula: "x > 0 ? x : alpha * (e^(x / alpha) - 1)",
    constraints: ["c1: the operand has a floating type", "c2: alpha is finite and positive"],
    conventions: [
      "alpha is 1 by default, as in PyTorch and ONNX",
      "NaN stays NaN",
      "the derivative at 0 is 1",
    ])

  public static let samples = [
    OperationSample(Celu(alpha: 1), [.signed("f32[3,5]", 0.2, 2)], ulps: 16),
    OperationSample(Celu(alpha: 1.5), [.signed("f32[3,5]", 0.2, 2)], ulps: 16),
  ]
  public static let violations = [
    OperationViolation(1, Celu(alpha: 1), ["i32[2]"]),
    OperationViolation(2, Celu(alpha: 0), ["f32[2]"]),
  ]

  /// What the negative branch runs to, negated.
  public let alpha: Double

  /// The number is checked where types are inferred (c2).
  public init(alpha: Double) {
    self.alpha = alpha
  }

  public func checkAttributes() throws {
    try require(2, alpha.isFinite && alpha > 0, "alpha \(alpha) is not finite and positive")
  }

  /// The exponential is taken of the negative part: of large values it would be infinite, though not used.
  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (x, zero, alpha) = (inputs[0], try builder.scalar(0, for: inputs[0]), try builder.scalar(alpha, for: inputs[0]))
    let exponential = try builder.expm1(builder.divide(builder.minimum(x, zero), alpha))
    return [try builder.select(builder.greater(x, zero), x, builder.multiply(exponential, alpha))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, g, x) = (context.builder, try context.cotangent(), context.inputs[0])
    let zero = try context.constant(0)
    let slope = try builder.exp(builder.divide(builder.minimum(x, zero), context.constant(alpha)))
    return .cotangents([.value(try builder.select(builder.greater(x, zero), g, builder.multiply(g, slope)))])
  }
}

extension GraphBuilder {
  /// `x` where positive, else `alpha * (e^(x / alpha) - 1)`.
  public func celu(_ x: ValueID, alpha: Double = 1) throws -> ValueID { try apply(Celu(alpha: alpha), x) }
}
