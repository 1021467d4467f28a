import JacquardCore
import JacquardIR

/// The different elements of a tensor, up to a bound.
public struct Unique: CompositeOperation {
  public static let name = "unique"
  public static let doc = OperationDoc(
    "The different elements in ascending order, how often each occurs (i64), which of them each element is (i64, of the "
      + "operand's shape), and their number (i64).",
    formula: "x[i] = values[inverse[i]]",
    constraints: [
      "c1: the operand's sizes are numbers, their product 1 to 2^31: bind their symbols", "c2: bound is 1 to 2^31",
    ],
    conventions: [
      "there are always `bound` values and counts: after the last different element they are 0; elements after the bound are "
        + "dropped, but numbered in the inverse, and counted", "0 and -0 are equal, NaN differs from every NaN",
      "no derivative",
    ])

  public static let samples = [
    OperationSample(Unique(bound: 6), [.integers("i32[3,4]", 0, 5)], gradient: .none(reason: "positions")),
    OperationSample(Unique(bound: 2), [.integers("i64[9]", 0, 5)], gradient: .none(reason: "positions")),
    OperationSample(Unique(bound: 9), [.values(ElementRule.edges)], gradient: .none(reason: "positions")),
    OperationSample(Unique(bound: 3), [.integers("u8[]", 0, 9)], gradient: .none(reason: "positions")),
  ]
  public static let violations = [
    OperationViolation(1, Unique(bound: 2), ["f32[0]"]), OperationViolation(1, Unique(bound: 2), ["f32[L]"]),
    OperationViolation(2, Unique(bound: 0), ["f32[3]"]),
  ]

  /// Values of the result.
  public var bound: Int

  /// The number is checked where types are inferred (c2).
  public init(bound: Int) { self.bound = bound }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    let count = try x.shape.elementCount().value ?? 0
    try require(1, (1...1 << 31).contains(count) && x.shape.sizes != nil, "not defined for \(x)")
    try require(2, (1...1 << 31).contains(bound), "bound \(bound)")
    let list: Shape = [Dim(bound)]
    return [TensorType(x.dtype, list), TensorType(.i64, list), TensorType(.i64, x.shape), TensorType(.i64, [])]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { context.noDependence }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let b = builder
    let length = (b.shape(inputs[0]).sizes ?? []).product
    let sorted = try b.sort(b.reshape(inputs[0], [Dim(length)]), axis: 0)
    let (before, after) = (
      try b.slice(sorted.values, axis: 0, from: 0, to: Dim(length - 1)),
      try b.slice(sorted.values, axis: 0, from: 1, to: Dim(length))
    )
    let first = try b.constant(HostTensor([true], [1]))
    let isNew = try b.concat([first, b.notEqual(before, after)], axis: 0)
    let number = try b.subtract(b.cumsum(b.cast(isNew, .i64), axis: 0), b.constant(1, .i64))
    let zeros = try b.zeros([Dim(length)], .i64)
    let inverse = try b.scatterElements(zeros, sorted.positions, number, axis: 0)
    let (starts, count) = try b.places(of: isNew, bound: bound)
    let isThere = try b.lessEqual(b.constant(0, .i64), starts)
    let safe = try b.maximum(starts, b.constant(0, .i64))
    let none = try b.scalar(0, for: sorted.values)
    let values = try b.select(isThere, b.gather(sorted.values, safe, axis: 0), none)
    let totals = try b.scatterElements(zeros, number, b.ones([Dim(length)], .i64), axis: 0, .add)
    let places = try b.gather(number, safe, axis: 0)
    let counts = try b.select(isThere, b.gather(totals, places, axis: 0), b.constant(0, .i64))
    return [values, counts, try b.reshape(inverse, b.shape(inputs[0])), count]
  }
}

extension GraphBuilder {
  /// The different elements in ascending order, at most `bound`, then 0; how often each occurs; which each element is; their number.
  public func unique(
    _ x: ValueID, bound: Int
  ) throws -> (values: ValueID, counts: ValueID, inverse: ValueID, count: ValueID) {
    let results = try append(Unique(bound: bound), [x])
    return (results[0], results[1], results[2], results[3])
  }
}
