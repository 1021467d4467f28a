import JacquardCore
import JacquardIR
import JacquardKernels

/// The running maximum.
public struct CumulativeMaximum: RowOperation {
  public static let name = "cummax"
  public static let defaults = [AttributeField("reverse", .bool(false))]
  public static let doc = OperationDoc(
    "The largest of the elements up to each one along an axis, and its position (i64).",
    formula: "y[i] = max over k <= i of x[k]",
    constraints: RowRule.constraints,
    conventions: [
      RowRule.reverse, "the position is that of the first of equal elements on the way; PyTorch's is the last",
      "from a NaN on all are NaN, at its position", "the cotangent goes to the element at the position",
    ])

  public static let samples = [
    OperationSample(
      CumulativeMaximum(axis: 1), [.distinct("f32[3,5]")], gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      CumulativeMaximum(axis: 0, reverse: true), [.distinct("f32[4,2,3]")],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(CumulativeMaximum(axis: 0), [.values(ElementRule.edges)], gradient: .none(reason: "not finite")),
    OperationSample(CumulativeMaximum(axis: 0), [.integers("i32[19]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(CumulativeMaximum(axis: 1), [.integers("u8[2,0]", 0, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, CumulativeMaximum(axis: 0), ["bool[2]"]),
    OperationViolation(2, CumulativeMaximum(axis: 1), ["f32[2]"]),
  ]

  public var axis: Int
  /// Whether it runs from the last element to the first.
  public var reverse: Bool

  /// From the first element on, unless told otherwise. The axis is checked where types are inferred (c2).
  public init(axis: Int, reverse: Bool = false) {
    self.axis = axis
    self.reverse = reverse
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    let type = try rowType(context, 1)
    return [type, TensorType(.i64, type.shape)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { try positionsGradient(context) }

  public func lower(_ context: LoweringContext) throws {
    context.emitRows(Self.name, .cumulativeMaximum, axis: axis, isReversed: reverse)
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    try Extreme.running(context.inputs[0], axis, isReversed: reverse, largest: true)
  }
}

extension GraphBuilder {
  /// The largest of the elements up to each one along an axis, and its position (i64).
  public func cummax(
    _ x: ValueID, axis: Int, reverse: Bool = false
  ) throws -> (values: ValueID, positions: ValueID) {
    let axis = normalized(axis, rank: shape(x).rank)
    let results = try append(CumulativeMaximum(axis: axis, reverse: reverse), [x])
    return (results[0], results[1])
  }
}
