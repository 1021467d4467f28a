import JacquardCore
import JacquardIR

/// The logarithm of the sum of exponentials along an axis.
public struct LogSumExp: CompositeOperation {
  public static let name = "logSumExp"
  public static let defaults = [AttributeField("keepDims", .bool(false))]
  public static let doc = OperationDoc(
    "The logarithm of the sum of exponentials along an axis.", formula: "ln sum e^(x - m) + m, m the largest x",
    constraints: ["c1: the operand has a floating type", ShiftedExponential.axisDoc],
    conventions: ["never overflows for finite values", "-inf for a row of -inf alone, inf for a row with inf"])

  public static let samples = [
    OperationSample(LogSumExp(axis: 1), [.uniform("f32[3,5]", -3, 3)], ulps: 16),
    OperationSample(LogSumExp(axis: 1, keepDims: true), [.uniform("f32[2,4,3]", -3, 3)], ulps: 16),
  ]
  public static let violations = [
    OperationViolation(1, LogSumExp(axis: 0), ["i32[2]"]),
    OperationViolation(2, LogSumExp(axis: 2), ["f32[2,3]"]),
    OperationViolation(2, LogSumExp(axis: 0), ["f32[0]"]),
  ]

  /// Counted from the first.
  public let axis: Int
  /// Whether the axis stays, with size 1.
  public let keepDims: Bool

  /// The axis is checked where types are inferred (c2).
  public init(axis: Int, keepDims: Bool = false) {
    self.axis = axis
    self.keepDims = keepDims
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 1)
    try ShiftedExponential.check(axis, context.inputs[0], self)
    return [TensorType(context.inputs[0].dtype, resultShape(context.inputs[0].shape))]
  }

  private func resultShape(_ shape: Shape) -> Shape {
    var dims = shape.dims
    if keepDims { dims[axis] = 1 } else { dims.remove(at: axis) }
    return Shape(dims)
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let parts = try ShiftedExponential(builder, inputs[0], axis: axis)
    let result = try builder.add(builder.log(parts.sum), parts.shift)
    return [keepDims ? result : try builder.reshape(result, resultShape(builder.shape(inputs[0])))]
  }
}

extension GraphBuilder {
  /// The logarithm of the sum of exponentials along an axis (-1: the last).
  public func logSumExp(_ x: ValueID, axis: Int = -1, keepDims: Bool = false) throws -> ValueID {
    try apply(LogSumExp(axis: normalized(axis, rank: shape(x).rank), keepDims: keepDims), x)
  }
}
