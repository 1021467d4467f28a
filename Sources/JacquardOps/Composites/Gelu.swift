import JacquardCore
import JacquardIR

/// The Gaussian error linear unit (https://arxiv.org/abs/1606.08415).
public struct Gelu: ActivationOperation {
  public static let name = "gelu"
  public static let defaults = [AttributeField("approximate", .bool(false))]
  public static let doc = OperationDoc(
    "The value times the probability that a normal draw is less.",
    formula: "x * (1 + erf(x / sqrt 2)) / 2; approximate: x * (1 + tanh(u)) / 2 = x * sigmoid(2 u) "
      + "with u = sqrt(2 / pi) * (x + 0.044715 x^3)",
    constraints: ["c1: the operand has a floating type"],
    conventions: ["NaN at -inf, where it is infinity times 0"])

  public static let samples = [
    OperationSample(Gelu(approximate: false), [.uniform("f32[3,5]", -3, 3)], ulps: 64),
    OperationSample(Gelu(approximate: true), [.uniform("f32[3,5]", -3, 3)], ulps: 16),
  ]
  public static let violations = [OperationViolation(1, Gelu(approximate: false), ["i32[2]"])]

  /// Whether the form with the hyperbolic tangent is used, which is what many trained models hold.
  public let approximate: Bool

  /// One of the two forms.
  public init(approximate: Bool) { self.approximate = approximate }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try approximate ? Gelu.curved(builder, inputs[0]) : Gelu.exact(builder, inputs[0])]
  }

  private static func exact(_ builder: GraphBuilder, _ x: ValueID) throws -> ValueID {
    let error = try builder.erf(builder.multiply(x, builder.scalar(0.5.squareRoot(), for: x)))
    let probability = try builder.add(error, builder.scalar(1, for: x))
    return try builder.multiply(builder.multiply(x, builder.scalar(0.5, for: x)), probability)
  }

  /// By way of the sigmoid: 1 + tanh would lose its digits for negative values.
  private static func curved(_ builder: GraphBuilder, _ x: ValueID) throws -> ValueID {
    let factor = 2 * (2 / Double.pi).squareRoot()
    let square = try builder.multiply(x, x)
    let inner = try builder.add(
      builder.multiply(square, builder.scalar(0.044715 * factor, for: x)), builder.scalar(factor, for: x))
    return try builder.multiply(x, builder.sigmoid(builder.multiply(x, inner)))
  }
}

extension GraphBuilder {
  /// `x` times the probability that a normal draw is less; `approximate` is the form with the hyperbolic tangent.
  public func gelu(_ x: ValueID, approximate: Bool = false) throws -> ValueID {
    try apply(Gelu(approximate: approximate), x)
  }
}
