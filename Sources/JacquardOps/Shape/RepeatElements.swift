import JacquardCore
import JacquardIR

/// Each element several times.
public struct RepeatElements: CompositeOperation {
  public static let name = "repeatElements"
  public static let doc = OperationDoc(
    "Each element along an axis several times in a row (NumPy's repeat).",
    formula: "y[..., i, ...] = x[..., floor(i / count), ...]",
    constraints: ["c1: axis is one of the operand's axes", "c2: count is not negative"])

  public static let samples = [
    OperationSample(RepeatElements(count: 3, axis: 1), [.uniform("f32[3,2]", -2, 2)]),
    OperationSample(RepeatElements(count: 2, axis: 0), [.uniform("f32[3,2]", -2, 2)]),
    OperationSample(
      RepeatElements(count: 0, axis: 0), [.integers("i32[4]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, RepeatElements(count: 2, axis: 1), ["f32[2]"]),
    OperationViolation(2, RepeatElements(count: -1, axis: 0), ["f32[2]"]),
  ]

  /// How often each element comes.
  public let count: Dim
  /// Counted from the first.
  public let axis: Int

  /// Axis and count are checked where types are inferred (c1, c2).
  public init(count: Dim, axis: Int) {
    self.count = count
    self.axis = axis
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    try requireAxis(axis, rank: x.shape.rank, 1)
    try requireNatural([count], 2)
    var shape = x.shape
    shape.dims[axis] = try shape[axis].times(count)
    return [TensorType(x.dtype, shape)]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [count.isOne ? inputs[0] : try builder.copies(of: inputs[0], count, along: axis, before: axis + 1)]
  }
}

extension GraphBuilder {
  /// Each element along an axis `count` times in a row.
  public func repeatElements(_ x: ValueID, _ count: Dim, axis: Int) throws -> ValueID {
    try apply(RepeatElements(count: count, axis: normalized(axis, rank: shape(x).rank)), x)
  }
}
