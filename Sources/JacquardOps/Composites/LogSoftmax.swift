import JacquardCore
import JacquardIR

/// The logarithm of softmax.
public struct LogSoftmax: CompositeOperation {
  public static let name = "logSoftmax"
  public static let doc = OperationDoc(
    "The logarithm of softmax.", formula: "(x - m) - ln sum e^(x - m), m the largest x",
    constraints: ["c1: the operand has a floating type", ShiftedExponential.axisDoc],
    conventions: ["never overflows for finite values", "a row of -inf alone, or with inf or NaN, has NaN"])

  public static let samples = [
    OperationSample(LogSoftmax(axis: 1), [.uniform("f32[3,5]", -3, 3)], ulps: 16),
    OperationSample(LogSoftmax(axis: 1), [.uniform("f32[2,4,3]", -3, 3)], ulps: 16),
  ]
  public static let violations = [
    OperationViolation(1, LogSoftmax(axis: 0), ["i32[2]"]),
    OperationViolation(2, LogSoftmax(axis: -1), ["f32[2]"]),
    OperationViolation(2, LogSoftmax(axis: 0), ["f32[0]"]),
  ]

  /// Counted from the first.
  public let axis: Int

  /// The axis is checked where types are inferred (c2).
  public init(axis: Int) { self.axis = axis }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 1)
    try ShiftedExponential.check(axis, context.inputs[0], self)
    return context.inputs
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let parts = try ShiftedExponential(builder, inputs[0], axis: axis)
    return [try builder.subtract(parts.shifted, builder.log(parts.sum))]
  }
}

extension GraphBuilder {
  /// The logarithm of softmax along an axis (-1: the last).
  public func logSoftmax(_ x: ValueID, axis: Int = -1) throws -> ValueID {
    try apply(LogSoftmax(axis: normalized(axis, rank: shape(x).rank)), x)
  }
}
