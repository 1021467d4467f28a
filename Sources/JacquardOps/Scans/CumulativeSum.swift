import JacquardCore
import JacquardIR
import JacquardKernels

/// The sum of the elements up to each one along an axis.
public struct CumulativeSum: RowOperation {
  public static let name = "cumsum"
  public static let defaults = [AttributeField("exclusive", .bool(false)), AttributeField("reverse", .bool(false))]
  public static let doc = OperationDoc(
    "The sum of the elements up to each one along an axis.", formula: "y[i] = sum over k <= i of x[k]",
    constraints: RowRule.constraints,
    conventions: [
      "exclusive: without the element at its own place", RowRule.reverse, RowRule.exact,
      "integers wrap around",
    ])

  public static let samples = [
    OperationSample(CumulativeSum(axis: 1), [.uniform("f32[3,5]", -2, 2)]),
    OperationSample(CumulativeSum(axis: 0, exclusive: true), [.uniform("f32[3,5]", -2, 2)]),
    OperationSample(CumulativeSum(axis: 1, reverse: true), [.uniform("f32[2,3,4]", -2, 2)]),
    OperationSample(CumulativeSum(axis: 2, exclusive: true, reverse: true), [.uniform("f32[2,3,4]", -2, 2)]),
    OperationSample(CumulativeSum(axis: 0), [.integers("i32[9]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(CumulativeSum(axis: 0), [.integers("u8[300,2]", 0, 200)], gradient: .none(reason: "integers")),
    OperationSample(CumulativeSum(axis: 1), [.integers("i16[2,0]", 0, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, CumulativeSum(axis: 0), ["bool[2]"]),
    OperationViolation(2, CumulativeSum(axis: 1), ["f32[2]"]),
  ]

  public var axis: Int
  /// Whether each sum is without the element at its own place.
  public var exclusive: Bool
  /// Whether it runs from the last element to the first.
  public var reverse: Bool

  /// From the first element on, unless told otherwise. The axis is checked where types are inferred (c2).
  public init(axis: Int, exclusive: Bool = false, reverse: Bool = false) {
    self.axis = axis
    self.exclusive = exclusive
    self.reverse = reverse
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] { [try rowType(context, 1)] }

  /// Each element counts in the sums from it on.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    let sum = try context.builder.cumsum(context.cotangent(), axis: axis, exclusive: exclusive, reverse: !reverse)
    return .cotangents([.value(sum)])
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitRows(Self.name, .cumulativeSum, axis: axis, isReversed: reverse, isExclusive: exclusive)
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    var result = try HostTensor(zeros: x.dtype, x.sizes)
    for row in RowWalk(x.sizes, axis, isReversed: reverse).rows {
      var (float, whole): (Double, Int64) = (0, 0)
      for position in row {
        let before = (float, whole)
        if x.dtype.isFloat { float += x[linear: position].asDouble } else { whole = whole &+ x[linear: position].asInt }
        let (a, b) = exclusive ? before : (float, whole)
        result[linear: position] = x.dtype.isFloat ? .float(a) : .int(b)
      }
    }
    return [result]
  }
}

extension GraphBuilder {
  /// The sum of the elements up to each one along an axis.
  public func cumsum(
    _ x: ValueID, axis: Int, exclusive: Bool = false, reverse: Bool = false
  ) throws -> ValueID {
    let axis = normalized(axis, rank: shape(x).rank)
    return try apply(CumulativeSum(axis: axis, exclusive: exclusive, reverse: reverse), x)
  }
}
