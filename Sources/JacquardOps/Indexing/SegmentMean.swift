import JacquardCore
import JacquardIR

/// The mean of the rows of each segment.
public struct SegmentMean: SegmentOperation {
  public static let name = "segmentMean"
  public static let doc = OperationDoc(
    "The mean of the rows of each segment; operands x [E, ...], ids [E].",
    formula: "y[s, ...] = mean over e with ids[e] = s of x[e, ...]",
    constraints: ["c1: x has a floating type, the ids are i32 or i64"] + SegmentRules.constraints.dropFirst(),
    conventions: SegmentRules.conventions)

  public static let samples = [
    OperationSample(SegmentMean(segments: 4), [.uniform("f32[7,3]", -2, 2), .integers("i32[7]", 0, 3)]),
    OperationSample(SegmentMean(segments: 2), [.uniform("f32[5]", -2, 2), .integers("i64[5]", 0, 2)]),
  ]
  public static let violations = [
    OperationViolation(1, SegmentMean(segments: 2), ["i32[3,2]", "i32[3]"]),
    OperationViolation(2, SegmentMean(segments: 2), ["f32[3,2]", "i32[2]"]),
    OperationViolation(3, SegmentMean(segments: -1), ["f32[3,2]", "i32[3]"]),
  ]

  public let segments: Dim

  /// The number is checked where types are inferred (c3).
  public init(segments: Dim) { self.segments = segments }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try inferSegments(context) { $0.isFloat }
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    if let empty = try emptyResult(builder, inputs[0]) { return [empty] }
    let (x, dtype) = (inputs[0], builder.type(inputs[0]).dtype)
    let sum = try builder.segmentSum(x, inputs[1], segments: segments)
    let count = try builder.segmentCounts(x, inputs[1], segments, dtype)
    return [try builder.divide(sum, builder.maximum(count, builder.constant(1, dtype)))]
  }
}

extension GraphBuilder {
  /// The mean of the rows of each segment.
  public func segmentMean(_ x: ValueID, _ ids: ValueID, segments: Dim) throws -> ValueID {
    try apply(SegmentMean(segments: segments), x, ids)
  }
}
