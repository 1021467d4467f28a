import JacquardCore
import JacquardIR
import JacquardKernels

/// The product of the elements up to each one along an axis.
public struct CumulativeProduct: RowOperation {
  public static let name = "cumprod"
  public static let defaults = [AttributeField("exclusive", .bool(false)), AttributeField("reverse", .bool(false))]
  public static let doc = OperationDoc(
    "The product of the elements up to each one along an axis.", formula: "y[i] = product over k <= i of x[k]",
    constraints: RowRule.constraints,
    conventions: [
      "exclusive: without the element at its own place", RowRule.reverse, RowRule.exact,
      "integers wrap around",
      "the gradient divides by nothing: it is right at zeros, to any order",
    ])

  public static let samples = [
    OperationSample(CumulativeProduct(axis: 1), [.signed("f32[3,5]", 0.5, 1.5)]),
    OperationSample(CumulativeProduct(axis: 0, exclusive: true), [.signed("f32[3,5]", 0.5, 1.5)]),
    OperationSample(CumulativeProduct(axis: 1, reverse: true), [.signed("f32[2,3,4]", 0.5, 1.5)]),
    OperationSample(CumulativeProduct(axis: 2, exclusive: true, reverse: true), [.signed("f32[2,3,4]", 0.5, 1.5)]),
    OperationSample(CumulativeProduct(axis: 0), [.integers("i32[9]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(CumulativeProduct(axis: 0), [.integers("u8[300,2]", 0, 200)], gradient: .none(reason: "integers")),
    OperationSample(CumulativeProduct(axis: 1), [.integers("i16[2,0]", 0, 9)], gradient: .none(reason: "integers")),
    OperationSample(CumulativeProduct(axis: 1), [.values(withZeros)]),
  ]
  public static let violations = [
    OperationViolation(1, CumulativeProduct(axis: 0), ["bool[2]"]),
    OperationViolation(2, CumulativeProduct(axis: 1), ["f32[2]"]),
  ]

  /// Rows without, with one and with two zeros.
  private static let withZeros: HostTensor =
    (try? HostTensor([1.5, -0.5, 2, 0, 0.75, -1.25, 0, 1.5, 0] as [Float], [3, 3])) ?? HostTensor(0 as Float)

  public var axis: Int
  /// Whether each product is without the element at its own place.
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

  /// What comes before an element, times what its later factors make of the cotangents: a linear recurrence from the other
  /// end, in which nothing is divided, so that zeros need no care at any order.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, x, g) = (context.builder, context.inputs[0], try context.cotangent())
    let before = try builder.cumprod(x, axis: axis, exclusive: true, reverse: reverse)
    func moved(_ value: ValueID) throws -> ValueID {
      try builder.movedByOne(value, axis: axis, towardsFirst: !reverse)
    }
    let after: ValueID
    if exclusive {
      after = try moved(builder.linearRecurrence(x, g, axis: axis, reverse: !reverse))
    } else {
      after = try builder.linearRecurrence(moved(x), g, axis: axis, reverse: !reverse)
    }
    return .cotangents([.value(try builder.multiply(before, after))])
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitRows(Self.name, .cumulativeProduct, axis: axis, isReversed: reverse, isExclusive: exclusive)
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    var result = try HostTensor(zeros: x.dtype, x.sizes)
    for row in RowWalk(x.sizes, axis, isReversed: reverse).rows {
      var (float, whole): (Double, Int64) = (1, 1)
      for position in row {
        let before = (float, whole)
        if x.dtype.isFloat { float *= x[linear: position].asDouble } else { whole = whole &* x[linear: position].asInt }
        let (a, b) = exclusive ? before : (float, whole)
        result[linear: position] = x.dtype.isFloat ? .float(a) : .int(b)
      }
    }
    return [result]
  }
}

extension GraphBuilder {
  /// The product of the elements up to each one along an axis.
  public func cumprod(
    _ x: ValueID, axis: Int, exclusive: Bool = false, reverse: Bool = false
  ) throws -> ValueID {
    let axis = normalized(axis, rank: shape(x).rank)
    return try apply(CumulativeProduct(axis: axis, exclusive: exclusive, reverse: reverse), x)
  }
}
