import JacquardCore
import JacquardIR

/// The rectifier whose slope for negative values is an operand (https://arxiv.org/abs/1502.01852).
public struct Prelu: CompositeOperation {
  public static let name = "prelu"
  public static let doc = OperationDoc(
    "The value where positive, else slope times it; operands x, slope.", formula: "x > 0 ? x : slope * x",
    constraints: ["c1: the operands have one floating type", "c2: the slope broadcasts to the shape of x"],
    conventions: [
      "the slope is aligned at the last axis, as in ONNX; PyTorch's slope a channel is one of shape [C,1,...]",
      "NaN stays NaN", "the derivative with respect to x at 0 is slope",
    ])

  public static let samples = [
    OperationSample(
      Prelu(), [.signed("f32[2,3,4]", 0.2, 2), .uniform("f32[3,1]", 0.1, 0.5)]),
    OperationSample(Prelu(), [.signed("f32[3,5]", 0.2, 2), .uniform("f32[]", 0.1, 0.5)]),
  ]
  public static let violations = [
    OperationViolation(1, Prelu(), ["f32[2]", "f64[2]"]),
    OperationViolation(2, Prelu(), ["f32[2]", "f32[3]"]),
    OperationViolation(2, Prelu(), ["f32[2]", "f32[3,2]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 2)
    let (x, slope) = (context.inputs[0].shape, context.inputs[1].shape)
    try require(2, slope.broadcast(with: x) == x, "slope \(slope) does not broadcast to \(x)")
    return [context.inputs[0]]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (x, slope) = (inputs[0], inputs[1])
    return [try builder.select(builder.greater(x, builder.scalar(0, for: x)), x, builder.multiply(x, slope))]
  }
}

extension GraphBuilder {
  /// `x` where positive, else `slope * x`; the slope broadcasts to the shape of `x`.
  public func prelu(_ x: ValueID, slope: ValueID) throws -> ValueID { try apply(Prelu(), x, slope) }

  /// `x` where positive, else `slope * x` with one slope for each index of `axis` (the channels).
  public func prelu(_ x: ValueID, slope: ValueID, axis: Int) throws -> ValueID {
    let rank = shape(x).rank
    let following = max(rank - 1 - normalized(axis, rank: rank), 0)
    let dims = shape(slope).dims + [Dim](repeating: 1, count: following)
    return try prelu(x, slope: reshape(slope, Shape(dims)))
  }
}
