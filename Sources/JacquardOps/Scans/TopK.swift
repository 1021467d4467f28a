import JacquardCore
import JacquardIR

/// The largest or smallest elements along an axis.
public struct TopK: CompositeOperation {
  public static let name = "topK"
  public static let defaults = [AttributeField("largest", .bool(true))]
  public static let doc = OperationDoc(
    "The k largest (or smallest) elements along an axis in order, and the positions (i64) at which they stood.",
    formula: "the first k of sort(x), descending for the largest",
    constraints: ["c1: axis is one of the operand's axes", "c2: k is not negative and not more than the axis"],
    conventions: [
      "of equal elements the first ones, in order", "NaN is the largest value",
      "the cotangent goes back to where the "
        + "element stood",
    ])

  public static let samples = [
    OperationSample(TopK(3, axis: 1), [.distinct("f32[3,8]")], gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      TopK(2, axis: 0, largest: false), [.distinct("f32[5,2]")], gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(TopK(4, axis: 0), [.integers("i32[20]", 0, 5)], gradient: .none(reason: "integers")),
    OperationSample(TopK(0, axis: 0), [.integers("u8[0]", 0, 5)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, TopK(1, axis: 1), ["f32[2]"]),
    OperationViolation(2, TopK(3, axis: 0), ["f32[2]"]),
    OperationViolation(2, TopK(-1, axis: 0), ["f32[2]"]),
  ]

  /// How many elements each row gives.
  public let k: Dim
  /// Counted from the first.
  public let axis: Int
  /// Whether the largest are taken; else the smallest.
  public let largest: Bool

  /// The largest, unless told otherwise. Axis and k are checked where types are inferred (c1, c2).
  public init(_ k: Dim, axis: Int, largest: Bool = true) {
    self.k = k
    self.axis = axis
    self.largest = largest
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    try requireAxis(axis, rank: x.shape.rank, 1)
    let spare = try x.shape[axis].minus(k)
    try require(2, !k.isCertainlyNegative && !spare.isCertainlyNegative, "k = \(k) for axis \(axis) of \(x)")
    var shape = x.shape
    shape.dims[axis] = k
    return [TensorType(x.dtype, shape), TensorType(.i64, shape)]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let sorted = try builder.sort(inputs[0], axis: axis, descending: largest)
    return try [sorted.values, sorted.positions].map { try builder.slice($0, axis: axis, from: 0, to: k) }
  }
}

extension GraphBuilder {
  /// The `k` largest (or smallest) elements along an axis in order, and the positions (i64) at which they stood.
  public func topK(
    _ x: ValueID, _ k: Dim, axis: Int, largest: Bool = true
  ) throws -> (values: ValueID, positions: ValueID) {
    let results = try append(TopK(k, axis: normalized(axis, rank: shape(x).rank), largest: largest), [x])
    return (results[0], results[1])
  }
}
