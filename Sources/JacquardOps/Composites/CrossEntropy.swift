import JacquardCore
import JacquardIR

/// The cross-entropy of a class and the probabilities softmax(logits) over the last axis.
public struct CrossEntropy: CompositeOperation {
  public static let name = "crossEntropy"
  public static let defaults = LossReduction.default
  public static let doc = OperationDoc(
    "The cross-entropy of a class and softmax(logits) over the last axis; operands logits, labels.",
    formula: "ln sum e^(x - m) - (x[label] - m), m the largest x",
    constraints: [
      "c1: the logits have a floating type, the labels are i32 or i64",
      "c2: the logits have a last axis of classes, which is not empty; the labels have the shape of the other axes",
    ],
    conventions: [
      "a label outside 0 ..< classes is an error when the graph runs", "never overflows for finite logits",
      LossReduction.convention,
    ])

  public static let samples =
    LossReduction.allCases.map { reduction in
      OperationSample(
        CrossEntropy(reduction), [.uniform("f32[3,2,5]", -3, 3), .integers("i32[3,2]", 0, 5)], ulps: 32)
    } + [OperationSample(CrossEntropy(.mean), [.uniform("f32[4,10]", -3, 3), .integers("i64[4]", 0, 10)], ulps: 32)]
  public static let violations = [
    OperationViolation(1, CrossEntropy(.mean), ["f32[2,3]", "u8[2]"]),
    OperationViolation(2, CrossEntropy(.mean), ["f32[2,3]", "i32[3]"]),
    OperationViolation(2, CrossEntropy(.mean), ["f32[2,0]", "i32[2]"]),
  ]

  /// How the losses of the rows become the result.
  public let reduction: LossReduction

  /// The loss, reduced in this way.
  public init(_ reduction: LossReduction) { self.reduction = reduction }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (logits, labels) = (context.inputs[0], context.inputs[1])
    let typed = logits.dtype.isFloat && (labels.dtype == .i32 || labels.dtype == .i64)
    try require(1, typed, "not defined for \(logits.dtype.rawValue) and labels of \(labels.dtype.rawValue)")
    let fits = logits.shape.rank > 0 && labels.shape == Shape(logits.shape.dims.dropLast())
    try require(2, fits, "labels \(labels.shape) do not fit logits \(logits.shape)")
    try require(2, logits.shape.dims.last?.value != 0, "logits \(logits.shape) have no classes")
    return [reduction.resultType(TensorType(logits.dtype, labels.shape))]
  }

  /// The label's logit is taken before the shift: from the operand itself, not from an intermediate value.
  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (logits, shape) = (inputs[0], builder.shape(inputs[1]))
    let parts = try ShiftedExponential(builder, logits, axis: shape.rank)
    let labels = try builder.reshape(inputs[1], Shape(shape.dims + [1]))
    let chosen = try builder.subtract(builder.takeAlongAxis(logits, labels, axis: shape.rank), parts.shift)
    let losses = try builder.subtract(builder.log(parts.sum), chosen)
    return [try reduction.apply(builder, builder.reshape(losses, shape))]
  }
}

extension GraphBuilder {
  /// The cross-entropy of labels and softmax(logits) over the last axis, reduced.
  ///
  /// - Parameter labels: classes (i32 or i64, the logits' shape without its last axis), or probabilities of the logits'
  ///   type and shape.
  public func crossEntropy(
    logits: ValueID, labels: ValueID, reduction: LossReduction = .mean
  ) throws -> ValueID {
    type(labels).dtype.isFloat
      ? try apply(CrossEntropySoft(reduction), logits, labels) : try apply(CrossEntropy(reduction), logits, labels)
  }
}
