import JacquardCore
import JacquardIR

/// Normalises the last axis to mean 0 and variance 1, then scales and shifts it (https://arxiv.org/abs/1607.06450).
public struct LayerNorm: CompositeOperation {
  public static let name = "layerNorm"
  public static let defaults = [AttributeField("epsilon", .float(1e-5))]
  public static let doc = OperationDoc(
    "Normalises the last axis to mean 0 and variance 1, then scales and shifts it; operands x, scale, bias.",
    formula: "c / sqrt(mean(c^2) + epsilon) * scale + bias with c = x - mean(x), means over the last axis",
    constraints: [
      "c1: the operands have one floating type",
      "c2: the shape of scale and of bias is the last axis of x",
      "c3: epsilon is finite and not negative",
    ],
    conventions: ["the variance is that of the population, taken in two passes"])

  public static let samples = [
    OperationSample(
      LayerNorm(epsilon: 1e-5), [.distinct("f32[4,8]"), .uniform("f32[8]", 0.5, 1.5), .uniform("f32[8]", -1, 1)],
      ulps: 64),
    OperationSample(
      LayerNorm(epsilon: 0.1),
      [.uniform("f32[2,3,5]", -2, 2), .uniform("f32[5]", 0.5, 1.5), .uniform("f32[5]", -1, 1)],
      ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, LayerNorm(epsilon: 1e-5), ["f32[2,3]", "f64[3]", "f32[3]"]),
    OperationViolation(2, LayerNorm(epsilon: 1e-5), ["f32[2,3]", "f32[2]", "f32[3]"]),
    OperationViolation(2, LayerNorm(epsilon: 1e-5), ["f32[]", "f32[1]", "f32[1]"]),
    OperationViolation(3, LayerNorm(epsilon: -1), ["f32[2,3]", "f32[3]", "f32[3]"]),
  ]

  /// Added to the variance.
  public let epsilon: Double

  /// The number is checked where types are inferred (c3).
  public init(epsilon: Double) { self.epsilon = epsilon }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 3)
    let (x, scale, bias) = (context.inputs[0].shape, context.inputs[1].shape, context.inputs[2].shape)
    let row = Shape(x.dims.suffix(1))
    let fits = x.rank > 0 && scale == row && bias == row
    try require(2, fits, "scale \(scale) and bias \(bias) do not fit the last axis of \(x)")
    try require(3, epsilon.isFinite && epsilon >= 0, "epsilon \(epsilon) is negative or not finite")
    return [context.inputs[0]]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let normal = try standardized(builder, inputs[0])
    let scaled = try builder.multiply(builder.multiply(normal.centred, normal.inverse), inputs[1])
    return [try builder.add(scaled, inputs[2])]
  }

  private func standardized(_ builder: GraphBuilder, _ x: ValueID) throws -> Standardization {
    try Standardization(builder, x, axes: [builder.shape(x).rank - 1], epsilon: epsilon)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, g) = (context.builder, try context.cotangent())
    let normal = try standardized(builder, context.inputs[0])
    let inner = try builder.multiply(g, context.inputs[1])
    return .cotangents([
      .value(try normal.pullback(inner, normal.sums(inner), factor: normal.inverse)),
      .value(try builder.multiply(g, builder.multiply(normal.centred, normal.inverse))),
      .value(g),
    ])
  }
}

extension GraphBuilder {
  /// Normalises the last axis to mean 0 and variance 1, then scales and shifts it.
  public func layerNorm(
    _ x: ValueID, scale: ValueID, bias: ValueID, epsilon: Double = 1e-5
  ) throws -> ValueID {
    try apply(LayerNorm(epsilon: epsilon), x, scale, bias)
  }
}
