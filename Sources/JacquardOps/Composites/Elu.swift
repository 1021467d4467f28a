import JacquardCore
import JacquardIR

/// The exponential linear unit (https://arxiv.org/abs/1511.07289).
public struct Elu: ActivationOperation {
  public static let name = "elu"
  public static let defaults = [AttributeField("alpha", .float(1))]
  public static let doc = OperationDoc(
    "The value where positive, else an exponential that runs to -alpha.",
    formula: "x > 0 ? x : alpha * (e^x - 1); dx = x > 0 ? g : g * (y + alpha)",
    constraints: ["c1: the operand has a floating type", "c2: alpha is finite"],
    conventions: ["NaN stays NaN", "the derivative at 0 is alpha"])

  public static let samples = [
    OperationSample(Elu(alpha: 1), [.signed("f32[3,5]", 0.2, 2)]),
    OperationSample(Elu(alpha: 1.5), [.signed("f32[3,5]", 0.2, 2)]),
  ]
  public static let violations = [
    OperationViolation(1, Elu(alpha: 1), ["i32[2]"]),
    OperationViolation(2, Elu(alpha: .nan), ["f32[2]"]),
  ]

  /// What the negative branch runs to, negated.
  public let alpha: Double

  /// The number is checked where types are inferred (c2).
  public init(alpha: Double) { self.alpha = alpha }

  public func checkAttributes() throws { try require(2, alpha.isFinite, "alpha \(alpha) is not finite") }

  /// The exponential is taken of the negative part: of large values it would be infinite, though not used.
  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (x, zero) = (inputs[0], try builder.scalar(0, for: inputs[0]))
    let exponential = try builder.expm1(builder.minimum(x, zero))
    let negative = try builder.multiply(exponential, builder.scalar(alpha, for: x))
    return [try builder.select(builder.greater(x, zero), x, negative)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, g) = (context.builder, try context.cotangent())
    let slope = try builder.add(context.outputs[0], context.constant(alpha))
    let positive = try builder.greater(context.inputs[0], context.constant(0))
    return .cotangents([.value(try builder.select(positive, g, builder.multiply(g, slope)))])
  }
}

extension GraphBuilder {
  /// `x` where positive, else `alpha * (e^x - 1)`.
  public func elu(_ x: ValueID, alpha: Double = 1) throws -> ValueID { try apply(Elu(alpha: alpha), x) }
}
