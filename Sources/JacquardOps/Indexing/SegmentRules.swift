import JacquardCore
import JacquardIR

/// What the reductions over segments have in common: operands x [E, ...] and ids [E], and a number of segments.
enum SegmentRules {
  static let constraints = [
    "c1: x has a numeric type, the ids are i32 or i64", "c2: the ids have the first axis of x as their one axis",
    "c3: the number of segments is not negative",
  ]
  static let conventions = [
    "a segment without rows is 0", "the rows of a segment need not be neighbours",
    "an id outside 0 ..< segments is an error when the graph runs, unless the result has no elements",
  ]
}

/// A reduction of the rows that have one id.
protocol SegmentOperation: CompositeOperation {
  var segments: Dim { get }
}

extension SegmentOperation {
  func inferSegments(_ context: TypeContext, isTyped: (DType) -> Bool) throws -> [TensorType] {
    try requireOperands(2, context)
    let (x, ids) = (context.inputs[0], context.inputs[1])
    let typed = isTyped(x.dtype) && IndexRules.isIndex(ids.dtype)
    try require(1, typed, "not defined for \(x.dtype.rawValue) and ids of \(ids.dtype.rawValue)")
    let fits = x.shape.rank > 0 && ids.shape == Shape(Array(x.shape.dims.prefix(1)))
    try require(2, fits, "ids \(ids.shape) do not fit the first axis of \(x.shape)")
    try require(3, !segments.isCertainlyNegative, "\(segments) segments")
    return [resultType(x)]
  }

  func resultType(_ x: TensorType) -> TensorType { TensorType(x.dtype, Shape([segments] + x.shape.dims.dropFirst())) }

  /// The result where it has no elements, so that no id is looked at.
  func emptyResult(_ builder: GraphBuilder, _ x: ValueID) throws -> ValueID? {
    let type = resultType(builder.type(x))
    return type.shape.dims.contains(0) ? try builder.zeros(type.shape, type.dtype) : nil
  }
}

extension GraphBuilder {
  /// How many rows each segment has, in the shape that broadcasts over `x`.
  func segmentCounts(_ x: ValueID, _ ids: ValueID, _ segments: Dim, _ dtype: DType) throws -> ValueID {
    let ones = try ones(shape(ids), dtype)
    let counts = try scatterAdd(zeros([segments], dtype), ids, ones, axis: 0)
    return try reshape(counts, Shape([segments] + shape(x).dims.dropFirst().map { _ in 1 }))
  }
}
