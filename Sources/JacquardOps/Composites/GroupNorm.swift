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
      "c3: epsilon is finite and not negative",
      "c4: the number of groups divides the channels, whose number is known, and is not larger",
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
    OperationViolation(4, GroupNorm(groups: 2), ["f32[2,0]", "f32[0]", "f32[0]"]),
  ]

  /// How many groups of equal size the channels form; 1 or more.
  public let groups: Int
  /// Added to the variance.
  public let epsilon: Double

  /// The numbers are checked where types are inferred (c3, c4).
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
    // No channels are one group: statistics of more would be of nothing, and without bound.
    let divides = channels[0].value.map { groups > 0 && $0 % groups == 0 && groups <= max($0, 1) } ?? false
    try require(4, divides, "\(groups) groups do not divide \(channels[0]) channels")
    return [context.inputs[0]]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let normal = try standardized(builder, inputs[0])
    let scaled = try builder.multiply(values(builder, normal), channels(builder, inputs[1]))
    return [try builder.reshape(builder.add(scaled, channels(builder, inputs[2])), builder.shape(inputs[0]))]
  }

  private func standardized(_ builder: GraphBuilder, _ x: ValueID) throws -> Standardization {
    try Standardization(builder, grouped(builder, x), axes: [2, 3], epsilon: epsilon)
  }

  private func values(_ builder: GraphBuilder, _ normal: Standardization) throws -> ValueID {
    try builder.multiply(normal.centred, normal.inverse)
  }

  /// `[batch, groups, channels of a group, elements of a channel]`.
  private func grouped(_ builder: GraphBuilder, _ x: ValueID) throws -> ValueID {
    let shape = builder.shape(x)
    let elements = try Shape(Array(shape.dims.dropFirst(2))).elementCount()
    return try builder.reshape(x, Shape([shape[0], Dim(groups), Dim((shape[1].value ?? 0) / groups), elements]))
  }

  /// A value a channel, `[1, groups, channels of a group, 1]`.
  private func channels(_ builder: GraphBuilder, _ x: ValueID) throws -> ValueID {
    try builder.reshape(x, Shape([1, Dim(groups), Dim((builder.shape(x)[0].value ?? 0) / groups), 1]))
  }

  /// All that passes over the cotangent need to find are its sums, and those of its products with the centred values, over the
  /// elements of each channel of each example.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, inputs) = (context.builder, context.inputs)
    let (normal, scale) = (try standardized(builder, inputs[0]), try channels(builder, inputs[1]))
    let g = try grouped(builder, context.cotangent())
    let plain = try builder.sum(g, axes: [3], keepDims: true)
    let centred = try builder.sum(builder.multiply(g, normal.centred), axes: [3], keepDims: true)
    func ofGroups(_ sums: ValueID) throws -> ValueID {
      try builder.sum(builder.multiply(sums, scale), axes: [2], keepDims: true)
    }
    func ofChannels(_ sums: ValueID) throws -> ValueID {
      try builder.reshape(builder.sum(sums, axes: [0]), builder.shape(inputs[1]))
    }
    let sums = Standardization.Sums(plain: try ofGroups(plain), centred: try ofGroups(centred))
    let x = try normal.pullback(builder.multiply(g, scale), sums, factor: normal.inverse)
    return .cotangents([
      .value(try builder.reshape(x, builder.shape(inputs[0]))),
      .value(try ofChannels(builder.multiply(centred, normal.inverse))),
      .value(try ofChannels(plain)),
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
