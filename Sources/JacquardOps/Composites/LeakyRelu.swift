import JacquardCore
import JacquardIR

/// The rectifier that lets a part of negative values through.
public struct LeakyRelu: ActivationOperation {
  public static let name = "leakyRelu"
  public static let defaults = [AttributeField("slope", .float(0.01))]
  public static let doc = OperationDoc(
    "The value where positive, else a part of it.", formula: "x > 0 ? x : slope * x",
    constraints: ["c1: the operand has a floating type", "c2: slope is finite"],
    conventions: ["NaN stays NaN", "the derivative at 0 is slope"])

  public static let samples = [
    OperationSample(
      LeakyRelu(slope: 0.1), [.signed("f32[3,5]", 0.2, 2)], gradient: .firstOrder(reason: "piecewise linear"))
  ]
  public static let violations = [
    OperationViolation(1, LeakyRelu(slope: 0.1), ["i32[2]"]),
    OperationViolation(2, LeakyRelu(slope: .infinity), ["f32[2]"]),
  ]

  /// Factor of values that are not positive.
  public let slope: Double

  /// The number is checked where types are inferred (c2).
  public init(slope: Double) { self.slope = slope }

  public func checkAttributes() throws { try require(2, slope.isFinite, "slope \(slope) is not finite") }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try scaled(builder, inputs[0], where: inputs[0])]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .cotangents([.value(try scaled(context.builder, context.cotangent(), where: context.inputs[0]))])
  }

  /// `value` where `x` is positive, else slope times it.
  private func scaled(_ builder: GraphBuilder, _ value: ValueID, where x: ValueID) throws -> ValueID {
    let small = try builder.multiply(value, builder.scalar(slope, for: x))
    return try builder.select(builder.greater(x, builder.scalar(0, for: x)), value, small)
  }
}

extension GraphBuilder {
  /// `x` where positive, else `slope * x`.
  public func leakyRelu(_ x: ValueID, slope: Double = 0.01) throws -> ValueID { try apply(LeakyRelu(slope: slope), x) }
}
