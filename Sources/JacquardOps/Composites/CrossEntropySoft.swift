import JacquardCore
import JacquardIR

/// The cross-entropy of given probabilities and softmax(logits) over the last axis.
public struct CrossEntropySoft: CompositeOperation {
  public static let name = "crossEntropySoft"
  public static let defaults = LossReduction.default
  public static let doc = OperationDoc(
    "The cross-entropy of given probabilities and softmax(logits) over the last axis; operands logits, labels.",
    formula: "sum p * (ln sum e^(x - m) - (x - m)) over the last axis, m the largest x",
    constraints: [
      "c1: the operands have one floating type",
      "c2: the operands have one shape, whose last axis is not empty",
    ],
    conventions: [
      "the probabilities are used as they are, also where they do not add up to 1", LossReduction.convention,
    ])

  public static let samples = LossReduction.allCases.map { reduction in
    OperationSample(
      CrossEntropySoft(reduction), [.uniform("f32[3,2,5]", -3, 3), .uniform("f32[3,2,5]", 0.1, 0.4)], ulps: 32)
  }
  public static let violations = [
    OperationViolation(1, CrossEntropySoft(.mean), ["f32[2,3]", "f64[2,3]"]),
    OperationViolation(2, CrossEntropySoft(.mean), ["f32[2,3]", "f32[3]"]),
    OperationViolation(2, CrossEntropySoft(.mean), ["f32[]", "f32[]"]),
  ]

  /// How the losses of the rows become the result.
  public let reduction: LossReduction

  /// The loss, reduced in this way.
  public init(_ reduction: LossReduction) { self.reduction = reduction }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 2)
    let (logits, labels) = (context.inputs[0], context.inputs[1])
    let fits = logits.shape.rank > 0 && logits.shape == labels.shape
    try require(2, fits, "labels \(labels.shape) do not fit logits \(logits.shape)")
    try require(2, logits.shape.dims.last?.value != 0, "logits \(logits.shape) have no classes")
    return [reduction.resultType(TensorType(logits.dtype, Shape(logits.shape.dims.dropLast())))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let axis = builder.shape(inputs[0]).rank - 1
    let parts = try ShiftedExponential(builder, inputs[0], axis: axis)
    let surprise = try builder.subtract(builder.log(parts.sum), parts.shifted)
    let losses = try builder.sum(builder.multiply(inputs[1], surprise), axes: [axis])
    return [try reduction.apply(builder, losses)]
  }
}
