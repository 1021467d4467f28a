import JacquardCore
import JacquardIR
import JacquardKernels

/// The largest of the rows of each segment, element by element.
public struct SegmentMax: SegmentOperation {
  public static let name = "segmentMax"
  public static let doc = OperationDoc(
    "The largest of the rows of each segment, element by element; operands x [E, ...], ids [E].",
    formula: "y[s, ...] = max over e with ids[e] = s of x[e, ...]", constraints: SegmentRules.constraints,
    conventions: SegmentRules.conventions + ["NaN wins", "gradient: equal largest elements get equal shares"])

  public static let samples = [
    OperationSample(
      SegmentMax(segments: 4), [.distinct("f32[7,3]"), .integers("i32[7]", 0, 3)],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      SegmentMax(segments: 2), [.distinct("f32[5]"), .integers("i64[5]", 0, 2)],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      SegmentMax(segments: 3), [.integers("i32[4,2]", -9, 9), .integers("i32[4]", 0, 3)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, SegmentMax(segments: 2), ["f32[3,2]", "f32[3]"]),
    OperationViolation(2, SegmentMax(segments: 2), ["f32[3,2]", "i32[2]"]),
    OperationViolation(3, SegmentMax(segments: -1), ["f32[3,2]", "i32[3]"]),
  ]

  public let segments: Dim

  /// The number is checked where types are inferred (c3).
  public init(segments: Dim) { self.segments = segments }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try inferSegments(context) { $0.isNumeric }
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    if let empty = try emptyResult(builder, inputs[0]) { return [empty] }
    let (x, type) = (inputs[0], builder.type(inputs[0]))
    let lowest = try builder.constant(HostTensor(type.dtype, [], [Combiner.maximum.identity(type.dtype)]))
    let base = try builder.broadcast(lowest, to: resultType(type).shape)
    let places = try builder.expandDims(inputs[1], axis: 1)
    let largest = try builder.scatterND(base, places, x, .maximum)
    let zero = try builder.constant(0, .i32)
    let isFull = try builder.greater(builder.segmentCounts(x, inputs[1], segments, .i32), zero)
    return [try builder.select(isFull, largest, builder.constant(0, type.dtype))]
  }
}

extension GraphBuilder {
  /// The largest of the rows of each segment, element by element; 0 where there is none.
  public func segmentMax(_ x: ValueID, _ ids: ValueID, segments: Dim) throws -> ValueID {
    try apply(SegmentMax(segments: segments), x, ids)
  }
}
