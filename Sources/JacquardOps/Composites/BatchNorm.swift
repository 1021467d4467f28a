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
    let x = inputs[0]
    let rank = builder.shape(x).rank
    let axes = [0] + (2..<rank)
    let mean = try builder.mean(x, axes: axes, keepDims: true)
    let centred = try builder.subtract(x, mean)
    let variance = try builder.mean(builder.multiply(centred, centred), axes: axes, keepDims: true)
    let inverse = try builder.rsqrt(builder.add(variance, builder.scalar(epsilon, for: x)))
    let channels = builder.shape(inputs[1])
    let factor = try builder.multiply(inverse, builder.alongChannels(inputs[1], rank: rank))
    let y = try builder.add(builder.multiply(centred, factor), builder.alongChannels(inputs[2], rank: rank))
    return [y, try builder.reshape(mean, channels), try builder.reshape(variance, channels)]
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
