import JacquardCore
import JacquardIR

/// Normalises each channel over batch and space, then scales and shifts it (https://arxiv.org/abs/1502.03167).
public struct BatchNorm: CompositeOperation {
  public static let name = "batchNorm"
  public static let defaults = [AttributeField("epsilon", .float(1e-5))]
  public static let doc = OperationDoc(
    "Normalises each channel of x [batch, channels, ...] over all other axes; operands x, scale, bias; results y, mean, variance.",
    formula: "(x - mean) / sqrt(variance + epsilon) * scale + bias, means over all axes but the second",
    constraints: [
      "c1: the operands have one floating type",
      "c2: x has at least 2 axes; scale and bias have the channels as their one axis",
      "c3: epsilon is finite and not negative",
    ],
    conventions: ["the variance is that of the population, taken in two passes"])

  public static let samples = [
    OperationSample(
      BatchNorm(epsilon: 1e-5), [.distinct("f32[4,3,5]"), .uniform("f32[3]", 0.5, 1.5), .uniform("f32[3]", -1, 1)],
      ulps: 64),
    OperationSample(
      BatchNorm(epsilon: 0.1),
      [.uniform("f32[3,2,2,3]", -2, 2), .uniform("f32[2]", 0.5, 1.5), .uniform("f32[2]", -1, 1)], ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, BatchNorm(epsilon: 1e-5), ["f32[2,3]", "f64[3]", "f32[3]"]),
    OperationViolation(2, BatchNorm(epsilon: 1e-5), ["f32[2,3]", "f32[2]", "f32[3]"]),
    OperationViolation(2, BatchNorm(epsilon: 1e-5), ["f32[2]", "f32[2]", "f32[2]"]),
    OperationViolation(3, BatchNorm(epsilon: -1), ["f32[2,3]", "f32[3]", "f32[3]"]),
  ]

  /// Added to the variance.
  public let epsilon: Double

  /// The number is checked where types are inferred (c3).
  public init(epsilon: Double) { self.epsilon = epsilon }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 3)
    let (x, scale, bias) = (context.inputs[0].shape, context.inputs[1].shape, context.inputs[2].shape)
    let channels = Shape(Array(x.dims.dropFirst().prefix(1)))
    let fits = x.rank > 1 && scale == channels && bias == channels
    try require(2, fits, "scale \(scale) and bias \(bias) do not fit the second axis of \(x)")
    try require(3, epsilon.isFinite && epsilon >= 0, "epsilon \(epsilon) is negative or not finite")
    let statistics = TensorType(context.inputs[0].dtype, channels)
    return [context.inputs[0], statistics, statistics]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (normal, factor) = try standardized(builder, inputs)
    let channels = builder.shape(inputs[1])
    let bias = try builder.alongChannels(inputs[2], rank: builder.shape(inputs[0]).rank)
    let y = try builder.add(builder.multiply(normal.centred, factor), bias)
    return [y, try builder.reshape(normal.mean, channels), try builder.reshape(normal.variance, channels)]
  }

  /// The standardised input, and what its centred values are multiplied by.
  private func standardized(
    _ builder: GraphBuilder, _ inputs: [ValueID]
  ) throws -> (normal: Standardization, factor: ValueID) {
    let rank = builder.shape(inputs[0]).rank
    let normal = try Standardization(builder, inputs[0], axes: [0] + (2..<rank), epsilon: epsilon)
    return (normal, try builder.multiply(normal.inverse, builder.alongChannels(inputs[1], rank: rank)))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, inputs) = (context.builder, context.inputs)
    let (normal, factor) = try standardized(builder, inputs)
    let channels = builder.shape(inputs[1])
    let statistics = try context.cotangents.dropFirst().map { g in
      try g.map { try builder.reshape($0, builder.shape(normal.mean)) }
    }
    let rest = try normal.pullback(mean: statistics[0], variance: statistics[1])
    guard let g = context.cotangents[0] else { return .cotangents([rest.map { .value($0) } ?? .zero, .zero, .zero]) }
    let sums = try normal.sums(g)
    let own = try normal.pullback(g, sums, factor: factor)
    return .cotangents([
      .value(try rest.map { try builder.add(own, $0) } ?? own),
      .value(try builder.reshape(builder.multiply(sums.centred, normal.inverse), channels)),
      .value(try builder.reshape(sums.plain, channels)),
    ])
  }
}

extension GraphBuilder {
  /// A vector `[channels]` in the shape that broadcasts along the second of `rank` axes.
  public func alongChannels(_ vector: ValueID, rank: Int) throws -> ValueID {
    try reshape(vector, Shape([1] + shape(vector).dims + Array(repeating: Dim(1), count: max(0, rank - 2))))
  }

  /// Normalises each channel over batch and space, then scales and shifts it.
  /// - Returns: the result, and mean and variance of each channel.
  public func batchNorm(
    _ x: ValueID, scale: ValueID, bias: ValueID, epsilon: Double = 1e-5
  ) throws -> (y: ValueID, mean: ValueID, variance: ValueID) {
    let results = try append(BatchNorm(epsilon: epsilon), [x, scale, bias])
    return (results[0], results[1], results[2])
  }

  /// The same with means and variances that are given, one a channel: batch normalisation after training.
  public func batchNorm(
    _ x: ValueID, scale: ValueID, bias: ValueID, mean: ValueID, variance: ValueID, epsilon: Double = 1e-5
  ) throws -> ValueID {
    let rank = shape(x).rank
    let inverse = try rsqrt(add(variance, constant(epsilon, type(x).dtype)))
    let factor = try alongChannels(multiply(inverse, scale), rank: rank)
    let centred = try subtract(x, alongChannels(mean, rank: rank))
    return try add(multiply(centred, factor), alongChannels(bias, rank: rank))
  }
}
