import JacquardCore
import JacquardIR
import JacquardKernels

/// A state that is multiplied and added to from element to element.
public struct LinearRecurrence: RowOperation {
  public static let name = "linearRecurrence"
  public static let defaults = [AttributeField("reverse", .bool(false))]
  public static let doc = OperationDoc(
    "A state that is multiplied and added to from element to element along an axis (a first-order recurrence: discounted "
      + "sums, diagonal state-space layers); operands factors a, terms b.",
    formula: "y[0] = b[0], y[i] = a[i] * y[i - 1] + b[i]",
    constraints: ["c1: the operands are numeric, of one type and shape", "c2: axis is one of the operands' axes"],
    conventions: ["the first factor is not used", RowRule.reverse, "integers wrap around", RowRule.exact])

  public static let samples = [
    OperationSample(LinearRecurrence(axis: 1), [.signed("f32[3,5]", 0.5, 1.2), .signed("f32[3,5]", 0.5, 2)], ulps: 64),
    OperationSample(
      LinearRecurrence(axis: 0, reverse: true), [.uniform("f32[4,2,3]", 0.3, 1), .uniform("f32[4,2,3]", 0.5, 2)]),
    OperationSample(
      LinearRecurrence(axis: 0), [.integers("i32[9]", -9, 9), .integers("i32[9]", -9, 9)],
      gradient: .none(reason: "integers")),
    OperationSample(
      LinearRecurrence(axis: 0), [.integers("u8[0]", 0, 9), .integers("u8[0]", 0, 9)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, LinearRecurrence(axis: 0), ["f32[2]", "f64[2]"]),
    OperationViolation(1, LinearRecurrence(axis: 0), ["f32[2]", "f32[1]"]),
    OperationViolation(1, LinearRecurrence(axis: 0), ["bool[2]", "bool[2]"]),
    OperationViolation(2, LinearRecurrence(axis: 1), ["f32[2]", "f32[2]"]),
  ]

  public var axis: Int
  /// Whether it runs from the last element to the first.
  public var reverse: Bool

  /// From the first element on, unless told otherwise. The axis is checked where types are inferred (c2).
  public init(axis: Int, reverse: Bool = false) {
    self.axis = axis
    self.reverse = reverse
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] { [try rowType(context, 2)] }

  /// The cotangent of the state runs back by the same recurrence.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, y) = (context.builder, context.outputs[0])
    let later = try builder.movedByOne(context.inputs[0], axis: axis, towardsFirst: !reverse)
    let state = try builder.linearRecurrence(later, context.cotangent(), axis: axis, reverse: !reverse)
    return try context.perInput { k in
      k == 1 ? state : try builder.multiply(state, builder.movedByOne(y, axis: axis, towardsFirst: reverse))
    }
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitRows(Self.name, .linearRecurrence, axis: axis, isReversed: reverse)
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (a, b) = (context.inputs[0], context.inputs[1])
    var result = try HostTensor(zeros: a.dtype, a.sizes)
    for row in RowWalk(a.sizes, axis, isReversed: reverse).rows {
      var (float, whole): (Double, Int64) = (0, 0)
      for (step, position) in row.enumerated() {
        let (factor, term) = (a[linear: position], b[linear: position])
        float = step == 0 ? term.asDouble : factor.asDouble * float + term.asDouble
        whole = step == 0 ? term.asInt : factor.asInt &* whole &+ term.asInt
        result[linear: position] = a.dtype.isFloat ? .float(float) : .int(whole)
      }
    }
    return [result]
  }
}

extension GraphBuilder {
  /// `y[i] = a[i] * y[i - 1] + b[i]` along an axis, from `y[0] = b[0]` on.
  public func linearRecurrence(
    _ a: ValueID, _ b: ValueID, axis: Int, reverse: Bool = false
  ) throws -> ValueID {
    try apply(LinearRecurrence(axis: normalized(axis, rank: shape(a).rank), reverse: reverse), a, b)
  }
}
