import JacquardCore
import JacquardIR
import JacquardKernels

/// The elements along an axis in order, and the positions (i64) at which they stood (argsort).
public struct Sort: RowOperation {
  public static let name = "sort"
  public static let defaults = [AttributeField("descending", .bool(false))]
  public static let doc = OperationDoc(
    "The elements along an axis in order, and the positions (i64) at which they stood (argsort).",
    formula: "y[i] = x[p[i]], y[0] <= y[1] <= ...", constraints: ["c1: axis is one of the operand's axes"],
    conventions: [
      "stable: equal elements keep their order, also when descending; 0 and -0 are equal",
      "NaN is the largest value, as in NumPy and PyTorch", "false is less than true",
      "the cotangent goes back to where the element stood; O(n log n) for each row, on one thread",
    ])

  public static let samples = [
    OperationSample(Sort(axis: 1), [.distinct("f32[3,40]")], gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      Sort(axis: 0, descending: true), [.distinct("f32[5,2,3]")], gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(Sort(axis: 0), [.values(ElementRule.edges)], gradient: .none(reason: "not finite")),
    OperationSample(
      Sort(axis: 0, descending: true), [.values(ElementRule.edges)], gradient: .none(reason: "not finite")),
    OperationSample(Sort(axis: 1), [.integers("i32[2,70]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(Sort(axis: 0, descending: true), [.integers("u8[40]", 0, 5)], gradient: .none(reason: "integers")),
    OperationSample(Sort(axis: 0), [.integers("bool[9]", 0, 2)], gradient: .none(reason: "booleans")),
    OperationSample(Sort(axis: 0), [.integers("i64[0,2]", 0, 2)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Sort(axis: 1), ["f32[2]"])
  ]

  public var axis: Int
  /// Whether the largest come first.
  public var descending: Bool

  /// Ascending, unless told otherwise. The axis is checked where types are inferred (c1).
  public init(axis: Int, descending: Bool = false) {
    self.axis = axis
    self.descending = descending
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let type = context.inputs[0]
    try requireAxis(axis, rank: type.shape.rank, 1)
    return [type, TensorType(.i64, type.shape)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { try positionsGradient(context) }

  public func lower(_ context: LoweringContext) throws {
    context.emitRows(Self.name, .sort, axis: axis, isReversed: descending)
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    var (values, positions) = (x, try HostTensor(zeros: .i64, x.sizes))
    for row in RowWalk(x.sizes, axis).rows {
      let elements = row.map { x[linear: $0] }
      let order = elements.indices.sorted { a, b in
        let (first, second) = descending ? (elements[b], elements[a]) : (elements[a], elements[b])
        return Sort.precedes(first, second) || !Sort.precedes(second, first) && a < b
      }
      for (place, position) in zip(row, order) {
        values[linear: place] = elements[position]
        positions[linear: place] = .int(Int64(position))
      }
    }
    return [values, positions]
  }

  private static func precedes(_ a: Scalar, _ b: Scalar) -> Bool {
    switch (a, b) {
    case (.int(let a), .int(let b)): a < b
    case (.unsigned(let a), .unsigned(let b)): a < b
    default: a.asDouble < b.asDouble || b.asDouble.isNaN && !a.asDouble.isNaN
    }
  }
}

extension GraphBuilder {
  /// The elements along an axis in order, and the positions (i64) at which they stood.
  public func sort(
    _ x: ValueID, axis: Int, descending: Bool = false
  ) throws -> (values: ValueID, positions: ValueID) {
    let results = try append(Sort(axis: normalized(axis, rank: shape(x).rank), descending: descending), [x])
    return (results[0], results[1])
  }

  /// The positions (i64) of the elements along an axis in order.
  public func argsort(_ x: ValueID, axis: Int, descending: Bool = false) throws -> ValueID {
    try sort(x, axis: axis, descending: descending).positions
  }
}
