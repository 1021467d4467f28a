import JacquardCore
import JacquardIR
import JacquardKernels

/// Position (i64) of the largest element along an axis.
public struct ArgMax: Operation {
  public static let name = "argmax"
  public static let defaults = [AttributeField("keepDims", .bool(false))]
  public static let doc = OperationDoc(
    "Position (i64) of the largest element along an axis.", formula: "y = min {i : x[i] = max over axis of x}",
    constraints: [
      "c1: the operand is numeric", "c2: axis is one of the operand's axes", "c3: the axis is not empty",
    ],
    conventions: ["the first of equal elements", "the first NaN, if there is one"])

  public static let samples = [
    OperationSample(ArgMax(axis: 1), [.distinct("f32[3,4,5]")], gradient: .none(reason: "the result is integer")),
    OperationSample(
      ArgMax(axis: 2, keepDims: true), [.distinct("f32[3,4,5]")], gradient: .none(reason: "the result is integer")),
    OperationSample(ArgMax(axis: 0), [.integers("i32[40]", 0, 4)], gradient: .none(reason: "the result is integer")),
    OperationSample(ArgMax(axis: 1), [.distinct("f32[3,1]")], gradient: .none(reason: "the result is integer")),
  ]
  public static let violations = [
    OperationViolation(1, ArgMax(axis: 0), ["bool[2]"]),
    OperationViolation(2, ArgMax(axis: 1), ["f32[2]"]),
    OperationViolation(3, ArgMax(axis: 1), ["f32[2,0]"]),
  ]

  /// Counted from the first.
  public var axis: Int
  /// Whether the axis stays, with size 1.
  public var keepDims: Bool

  /// The axis is checked where types are inferred (c2).
  public init(axis: Int, keepDims: Bool = false) {
    self.axis = axis
    self.keepDims = keepDims
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let input = context.inputs[0]
    if !input.dtype.isNumeric { throw violated(1, "not defined for \(input)") }
    try requireAxis(axis, rank: input.shape.rank, 2)
    if input.shape[axis] == 0 { throw violated(3, "axis \(axis) of \(input) is empty") }
    return [TensorType(.i64, input.shape.reduced([axis], keepDims: keepDims))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { .cotangents([.zero]) }

  public func lower(_ context: LoweringContext) throws {
    ReductionLowering(context, Self.name, .argmax, axes: [axis], keepDims: keepDims, result: 1)
      .emit { _, position, _ in position }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    var result = try HostTensor(zeros: .i64, context.outputs[0].shape.sizes ?? [])
    let groups = ReductionGroups(x.sizes, [axis])
    for (index, base) in groups.bases.enumerated() {
      let values = groups.offsets.map { x[linear: base + $0] }
      result[linear: index] = .int(Int64(Extreme.position(values, largest: true) ?? 0))
    }
    return [result]
  }
}

extension GraphBuilder {
  /// Position (i64) of the largest element along an axis.
  public func argmax(_ x: ValueID, axis: Int, keepDims: Bool = false) throws -> ValueID {
    try apply(ArgMax(axis: normalized(axis, rank: shape(x).rank), keepDims: keepDims), x)
  }
}

extension ArgMax: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(ArgMax(axis: axis + 1, keepDims: keepDims))
  }
}
