import JacquardCore
import JacquardIR

/// Divides the last axis by its root mean square, then scales it (https://arxiv.org/abs/1910.07467).
public struct RMSNorm: CompositeOperation {
  public static let name = "rmsNorm"
  public static let doc = OperationDoc(
    "Divides the last axis by its root mean square, then scales it; operands x, scale.",
    formula: "x / sqrt(mean(x^2) + epsilon) * scale, the mean over the last axis",
    constraints: [
      "c1: the operands have one floating type", "c2: the shape of scale is the last axis of x",
      "c3: epsilon is finite and not negative",
    ])

  public static let samples = [
    OperationSample(RMSNorm(epsilon: 1e-5), [.distinct("f32[4,8]"), .uniform("f32[8]", 0.5, 1.5)], ulps: 64),
    OperationSample(RMSNorm(epsilon: 0.1), [.uniform("f32[2,3,5]", -2, 2), .uniform("f32[5]", 0.5, 1.5)], ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, RMSNorm(epsilon: 1e-5), ["f32[2,3]", "f64[3]"]),
    OperationViolation(2, RMSNorm(epsilon: 1e-5), ["f32[2,3]", "f32[2]"]),
    OperationViolation(2, RMSNorm(epsilon: 1e-5), ["f32[]", "f32[1]"]),
    OperationViolation(3, RMSNorm(epsilon: -1), ["f32[2,3]", "f32[3]"]),
  ]

  /// Added to the mean square.
  public let epsilon: Double

  /// The number is checked where types are inferred (c3).
  public init(epsilon: Double) { self.epsilon = epsilon }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 2)
    let (x, scale) = (context.inputs[0].shape, context.inputs[1].shape)
    let fits = x.rank > 0 && scale == Shape(x.dims.suffix(1))
    try require(2, fits, "scale \(scale) does not fit the last axis of \(x)")
    try require(3, epsilon.isFinite && epsilon >= 0, "epsilon \(epsilon) is negative or not finite")
    return [context.inputs[0]]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let x = inputs[0]
    let square = try builder.mean(builder.multiply(x, x), axes: [builder.shape(x).rank - 1], keepDims: true)
    let inverse = try builder.rsqrt(builder.add(square, builder.scalar(epsilon, for: x)))
    return [try builder.multiply(builder.multiply(x, inverse), inputs[1])]
  }
}

extension GraphBuilder {
  /// Divides the last axis by its root mean square, then scales it.
  public func rmsNorm(_ x: ValueID, scale: ValueID, epsilon: Double) throws -> ValueID {
    try apply(RMSNorm(epsilon: epsilon), x, scale)
  }
}
