import JacquardCore
import JacquardIR

/// Normalises groups of channels of each example, then scales and shifts each channel (https://arxiv.org/abs/1803.08494).
public struct GroupNorm: CompositeOperation {
  public static let name = "groupNorm"
  public static let defaults = [AttributeField("epsilon", .float(1e-5))]
  public static let doc = OperationDoc(
    "Normalises groups of channels of x [batch, channels, ...] for each example; operands x, scale, bias.",
    formula:
      "c / sqrt(mean(c^2) + epsilon) * scale + bias with c = x - mean(x), means over a group's channels and all later axes",
    constraints: [
      "c1: the operands have one floating type",
      "c2: x has at least 2 axes; scale and bias have the channels as their one axis",
      "c3: epsilon is finite and not negative", "c4: the number of groups divides the channels, whose number is known",
    ],
    conventions: ["one group a channel is instance normalisation", "the variance is that of the population"])

  public static let samples = [
    OperationSample(
      GroupNorm(groups: 2), [.distinct("f32[2,4,5]"), .uniform("f32[4]", 0.5, 1.5), .uniform("f32[4]", -1, 1)], ulps: 64
    ),
    OperationSample(
      GroupNorm(groups: 3, epsilon: 0.1),
      [.uniform("f32[2,3,2,3]", -2, 2), .uniform("f32[3]", 0.5, 1.5), .uniform("f32[3]", -1, 1)], ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, GroupNorm(groups: 1), ["f32[2,3]", "f64[3]", "f32[3]"]),
    OperationViolation(2, GroupNorm(groups: 1), ["f32[2,3]", "f32[2]", "f32[3]"]),
    OperationViolation(3, GroupNorm(groups: 1, epsilon: -1), ["f32[2,3]", "f32[3]", "f32[3]"]),
    OperationViolation(4, GroupNorm(groups: 2), ["f32[2,3]", "f32[3]", "f32[3]"]),
    OperationViolation(4, GroupNorm(groups: 0), ["f32[2,3]", "f32[3]", "f32[3]"]),
  ]

  public let groups: Int
  /// Added to the variance.
  public let epsilon: Double

  public init(groups: Int, epsilon: Double = 1e-5) {
    self.groups = groups
    self.epsilon = epsilon
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 3)
    let (x, scale, bias) = (context.inputs[0].shape, context.inputs[1].shape, context.inputs[2].shape)
    let channels = Shape(Array(x.dims.dropFirst().prefix(1)))
    let fits = x.rank > 1 && scale == channels && bias == channels
    try require(2, fits, "scale \(scale) and bias \(bias) do not fit the second axis of \(x)")
    try require(3, epsilon.isFinite && epsilon >= 0, "epsilon \(epsilon) is negative or not finite")
    let divides = channels[0].value.map { groups > 0 && $0 % groups == 0 } ?? false
    try require(4, divides, "\(groups) groups do not divide \(channels[0]) channels")
    return [context.inputs[0]]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let shape = builder.shape(inputs[0])
    let scaled = try builder.multiply(
      standardized(builder, inputs[0]).values, builder.alongChannels(inputs[1], rank: shape.rank))
    return [try builder.add(scaled, builder.alongChannels(inputs[2], rank: shape.rank))]
  }

  /// Groups as rows, standardised; and the result in the shape of x.
  private func standardized(
    _ builder: GraphBuilder, _ x: ValueID
  ) throws -> (normal: Standardization, values: ValueID) {
    let shape = builder.shape(x)
    let normal = try Standardization(builder, rows(builder, x), axes: [2], epsilon: epsilon)
    return (normal, try builder.reshape(builder.multiply(normal.centred, normal.inverse), shape))
  }

  /// `[batch, groups, elements of a group]`.
  private func rows(_ builder: GraphBuilder, _ x: ValueID) throws -> ValueID {
    let shape = builder.shape(x)
    let width = try shape.dims.dropFirst(2).reduce(Dim((shape[1].value ?? 0) / groups)) { try $0.times($1) }
    return try builder.reshape(x, Shape([shape[0], Dim(groups), width]))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, inputs, g) = (context.builder, context.inputs, try context.cotangent())
    let (normal, values) = try standardized(builder, inputs[0])
    let shape = builder.shape(inputs[0])
    let inner = try rows(builder, builder.multiply(g, builder.alongChannels(inputs[1], rank: shape.rank)))
    let x = try normal.pullback(inner, normal.sums(inner), factor: normal.inverse)
    let axes = [0] + (2..<shape.rank)
    return .cotangents([
      .value(try builder.reshape(x, shape)),
      .value(try builder.sum(builder.multiply(g, values), axes: axes)),
      .value(try builder.sum(g, axes: axes)),
    ])
  }
}

extension GraphBuilder {
  /// Normalises groups of channels of each example, then scales and shifts each channel.
  public func groupNorm(
    _ x: ValueID, scale: ValueID, bias: ValueID, groups: Int, epsilon: Double = 1e-5
  ) throws -> ValueID {
    try apply(GroupNorm(groups: groups, epsilon: epsilon), x, scale, bias)
  }
}
