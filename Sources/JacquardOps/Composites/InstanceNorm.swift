import JacquardCore
import JacquardIR

/// Normalises each channel of each example, then scales and shifts each channel (https://arxiv.org/abs/1607.08022).
public struct InstanceNorm: CompositeOperation {
  public static let name = "instanceNorm"
  public static let defaults = [AttributeField("epsilon", .float(1e-5))]
  public static let doc = OperationDoc(
    "Normalises each channel of x [batch, channels, spatial...] for each example; operands x, scale, bias.",
    formula: "c / sqrt(mean(c^2) + epsilon) * scale + bias with c = x - mean(x), means over the spatial axes",
    constraints: [
      "c1: the operands have one floating type",
      "c2: x has at least 3 axes; scale and bias have the channels as their one axis",
      "c3: epsilon is finite and not negative",
    ],
    conventions: ["the variance is that of the population, taken in two passes"])

  public static let samples = [
    OperationSample(
      InstanceNorm(), [.distinct("f32[2,3,5]"), .uniform("f32[3]", 0.5, 1.5), .uniform("f32[3]", -1, 1)], ulps: 64),
    OperationSample(
      InstanceNorm(epsilon: 0.1),
      [.uniform("f32[2,2,2,3]", -2, 2), .uniform("f32[2]", 0.5, 1.5), .uniform("f32[2]", -1, 1)], ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, InstanceNorm(), ["f32[2,3,4]", "f64[3]", "f32[3]"]),
    OperationViolation(2, InstanceNorm(), ["f32[2,3]", "f32[3]", "f32[3]"]),
    OperationViolation(2, InstanceNorm(), ["f32[2,3,4]", "f32[3]", "f32[4]"]),
    OperationViolation(3, InstanceNorm(epsilon: -1), ["f32[2,3,4]", "f32[3]", "f32[3]"]),
  ]

  /// Added to the variance.
  public let epsilon: Double

  /// The number is checked where types are inferred (c3).
  public init(epsilon: Double = 1e-5) { self.epsilon = epsilon }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 3)
    let (x, scale, bias) = (context.inputs[0].shape, context.inputs[1].shape, context.inputs[2].shape)
    let channels = Shape(Array(x.dims.dropFirst().prefix(1)))
    let fits = x.rank > 2 && scale == channels && bias == channels
    try require(2, fits, "scale \(scale) and bias \(bias) do not fit the second of at least 3 axes of \(x)")
    try require(3, epsilon.isFinite && epsilon >= 0, "epsilon \(epsilon) is negative or not finite")
    return [context.inputs[0]]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (normal, factor) = try standardized(builder, inputs)
    let bias = try builder.alongChannels(inputs[2], rank: builder.shape(inputs[0]).rank)
    return [try builder.add(builder.multiply(normal.centred, factor), bias)]
  }

  /// The standardised input, and what its centred values are multiplied by.
  private func standardized(
    _ builder: GraphBuilder, _ inputs: [ValueID]
  ) throws -> (normal: Standardization, factor: ValueID) {
    let rank = builder.shape(inputs[0]).rank
    let normal = try Standardization(builder, inputs[0], axes: Array(2..<rank), epsilon: epsilon)
    return (normal, try builder.multiply(normal.inverse, builder.alongChannels(inputs[1], rank: rank)))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, inputs, g) = (context.builder, context.inputs, try context.cotangent())
    let (normal, factor) = try standardized(builder, inputs)
    let channels = builder.shape(inputs[1])
    let sums = try normal.sums(g)
    /// Sums over the examples.
    func total(_ value: ValueID) throws -> ValueID {
      try builder.reshape(builder.sum(value, axes: [0], keepDims: true), channels)
    }
    return .cotangents([
      .value(try normal.pullback(g, sums, factor: factor)),
      .value(try total(builder.multiply(sums.centred, normal.inverse))),
      .value(try total(sums.plain)),
    ])
  }
}

extension GraphBuilder {
  /// Normalises each channel of each example, then scales and shifts each channel.
  public func instanceNorm(_ x: ValueID, scale: ValueID, bias: ValueID, epsilon: Double = 1e-5) throws -> ValueID {
    try apply(InstanceNorm(epsilon: epsilon), x, scale, bias)
  }
}
