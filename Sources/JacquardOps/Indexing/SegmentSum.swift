import JacquardCore
import JacquardIR

/// The sum of the rows of each segment.
public struct SegmentSum: SegmentOperation {
  public static let name = "segmentSum"
  public static let doc = OperationDoc(
    "The sum of the rows of each segment; operands x [E, ...], ids [E].",
    formula: "y[s, ...] = sum over e with ids[e] = s of x[e, ...]", constraints: SegmentRules.constraints,
    conventions: SegmentRules.conventions)

  public static let samples = [
    OperationSample(SegmentSum(segments: 4), [.uniform("f32[7,3]", -2, 2), .integers("i32[7]", 0, 3)]),
    OperationSample(SegmentSum(segments: 2), [.uniform("f32[5]", -2, 2), .integers("i64[5]", 0, 2)]),
    OperationSample(
      SegmentSum(segments: 3), [.integers("i32[4,2]", -9, 9), .integers("i32[4]", 0, 3)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, SegmentSum(segments: 2), ["f32[3,2]", "f32[3]"]),
    OperationViolation(1, SegmentSum(segments: 2), ["bool[3,2]", "i32[3]"]),
    OperationViolation(2, SegmentSum(segments: 2), ["f32[3,2]", "i32[2]"]),
    OperationViolation(2, SegmentSum(segments: 2), ["f32[]", "i32[]"]),
    OperationViolation(3, SegmentSum(segments: -1), ["f32[3,2]", "i32[3]"]),
  ]

  public let segments: Dim

  /// The number is checked where types are inferred (c3).
  public init(segments: Dim) { self.segments = segments }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try inferSegments(context) { $0.isNumeric }
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    if let empty = try emptyResult(builder, inputs[0]) { return [empty] }
    let type = resultType(builder.type(inputs[0]))
    let base = try builder.zeros(type.shape, type.dtype)
    return [try builder.scatterAdd(base, inputs[1], inputs[0], axis: 0)]
  }
}

extension GraphBuilder {
  /// The sum of the rows of each segment.
  public func segmentSum(_ x: ValueID, _ ids: ValueID, segments: Dim) throws -> ValueID {
    try apply(SegmentSum(segments: segments), x, ids)
  }
}
