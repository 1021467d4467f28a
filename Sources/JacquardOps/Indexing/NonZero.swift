import JacquardCore
import JacquardIR
import JacquardKernels

/// Where elements are not 0, up to a bound.
public struct NonZero: CompositeOperation {
  public static let name = "nonZero"
  public static let doc = OperationDoc(
    "The indices (i64) of the elements that are not 0, one a row, in row-major order, and their number (i64).",
    formula: "x[y[k, 0], y[k, 1], ...] != 0 for k < count; rows from there on are -1",
    constraints: [
      "c1: the operand has at least one axis; its sizes are numbers, their product under 2^31: bind their symbols",
      "c2: bound is 0 to 2^31",
    ],
    conventions: [
      "there are always `bound` rows: indices after them are dropped, but counted", "NaN is not 0; false is",
      "O(n log n), as it sorts", "no derivative",
    ])

  public static let samples = [
    OperationSample(NonZero(bound: 7), [.integers("i32[3,4]", 0, 2)], gradient: .none(reason: "positions")),
    OperationSample(NonZero(bound: 2), [.integers("bool[9]", 0, 2)], gradient: .none(reason: "positions")),
    OperationSample(NonZero(bound: 9), [.values(ElementRule.edges)], gradient: .none(reason: "positions")),
    OperationSample(NonZero(bound: 3), [.integers("u8[2,0]", 0, 2)], gradient: .none(reason: "positions")),
  ]
  public static let violations = [
    OperationViolation(1, NonZero(bound: 2), ["f32[]"]), OperationViolation(1, NonZero(bound: 2), ["f32[L]"]),
    OperationViolation(2, NonZero(bound: -1), ["f32[3]"]),
  ]

  /// Rows of the result.
  public var bound: Int

  /// The number is checked where types are inferred (c2).
  public init(bound: Int) { self.bound = bound }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let shape = context.inputs[0].shape
    let count = try shape.elementCount().value
    let known = shape.dims.allSatisfy { $0.value.map { $0 < 1 << 31 } ?? false }
    try require(1, shape.rank > 0 && known && (count.map { $0 < 1 << 31 } ?? false), "not defined for \(shape)")
    try require(2, (0...1 << 31).contains(bound), "bound \(bound)")
    return [TensorType(.i64, [Dim(bound), Dim(shape.rank)]), TensorType(.i64, [])]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let x = inputs[0]
    let sizes = builder.shape(x).sizes ?? []
    let isNonZero = try builder.notEqual(x, builder.scalar(0, for: x))
    let flat = try builder.reshape(isNonZero, [Dim(sizes.product)])
    let (places, count) = try builder.places(of: flat, bound: bound)
    let isThere = try builder.lessEqual(builder.constant(0, .i64), places)
    let none = try builder.constant(-1, .i64)
    let strides = Layout.rowMajor(sizes).strides
    let columns = try zip(sizes, strides).map { size, stride in
      let quotient = try builder.floorDivide(places, builder.constant(HostTensor(Int64(max(stride, 1)))))
      let index = try builder.floorMod(quotient, builder.constant(HostTensor(Int64(max(size, 1)))))
      return try builder.expandDims(builder.select(isThere, index, none), axis: 1)
    }
    return [try builder.concat(columns, axis: 1), count]
  }
}

extension GraphBuilder {
  /// The places (i64) at which a vector of booleans is true, -1 after the last one, and their number.
  func places(of flags: ValueID, bound: Int) throws -> (places: ValueID, count: ValueID) {
    let length = shape(flags)[0].value ?? 0
    let count = try sum(cast(flags, .i64), axes: [0])
    let kept = min(length, bound)
    // True ones come first, in their order, as sorting is stable.
    let order = try slice(argsort(logicalNot(flags), axis: 0), axis: 0, from: 0, to: Dim(kept))
    let all = try pad(order, low: [0], high: [bound - kept])
    let isThere = try less(iota([Dim(bound)], axis: 0, .i64), count)
    return (try select(isThere, all, constant(-1, .i64)), count)
  }

  /// The indices (i64) of the elements that are not 0, one a row, at most `bound`, then -1; and their number.
  public func nonZero(_ x: ValueID, bound: Int) throws -> (indices: ValueID, count: ValueID) {
    let results = try append(NonZero(bound: bound), [x])
    return (results[0], results[1])
  }
}
