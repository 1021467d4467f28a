import JacquardCore
import JacquardIR
import JacquardKernels

/// Moves the elements along axes; what leaves at one end comes back at the other (NumPy's roll).
public struct Roll: Operation {
  public static let name = "roll"
  public static let doc = OperationDoc(
    "Moves the elements along axes; what leaves at one end comes back at the other (NumPy's roll).",
    formula: "y[..., i, ...] = x[..., (i - shift) mod n, ...]",
    constraints: [
      "c1: axes are axes of the operand, in ascending order",
      "c2: shifts has one entry an axis, under 2^62 in magnitude",
    ])

  public static let samples = [
    OperationSample(Roll(shifts: [2], axes: [1]), [.uniform("f32[3,5]", -2, 2)]),
    OperationSample(Roll(shifts: [-1, 9], axes: [0, 2]), [.uniform("f32[2,3,4]", -2, 2)]),
    OperationSample(Roll(shifts: [1], axes: [0]), [.integers("i32[4]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(Roll(shifts: [1], axes: [0]), [.integers("u8[0]", 0, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Roll(shifts: [1], axes: [1]), ["f32[2]"]),
    OperationViolation(1, Roll(shifts: [1, 1], axes: [1, 0]), ["f32[2,3]"]),
    OperationViolation(2, Roll(shifts: [1, 1], axes: [0]), ["f32[2]"]),
    OperationViolation(2, Roll(shifts: [.min], axes: [0]), ["f32[2]"]),
  ]

  /// By how many places elements move towards the end, one an axis of `axes`; negative ones move them back.
  public var shifts: [Int]
  /// Counted from the first, ascending.
  public var axes: [Int]

  /// Axes and shifts are checked where types are inferred (c1, c2).
  public init(shifts: [Int], axes: [Int]) {
    self.shifts = shifts
    self.axes = axes
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try requireAscendingAxes(axes, rank: context.inputs[0].shape.rank, 1)
    if shifts.count != axes.count || shifts.contains(where: { $0.magnitude >= 1 << 62 }) {
      throw violated(2, "shifts \(shifts) do not fit axes \(axes)")
    }
    return context.inputs
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .cotangents([.value(try context.builder.roll(context.cotangent(), shifts: shifts.map { -$0 }, axes: axes))])
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitCopy(Self.name, from: context.inputs[0], to: context.outputs[0]) { points, extents in
      var place = points
      for (shift, axis) in zip(shifts, axes) {
        let moved = points[axis] + IndexExpression(Roll.backward(shift, extents[axis]))
        place[axis] = moved.remainder(extents[axis], in: extents)
      }
      return place
    }
  }

  /// The shift as one to the left, by less than the axis.
  private static func backward(_ shift: Int, _ extent: Int) -> Int {
    let rest = -shift % extent
    return rest < 0 ? rest + extent : rest
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    let strides = Layout.rowMajor(x.sizes).strides
    let positions = (0..<x.count).map { index in
      zip(shifts, axes).reduce(index) { position, entry in
        let (shift, axis) = entry
        let (extent, stride) = (x.sizes[axis], strides[axis])
        let place = index / stride % extent
        let from = (place - shift % extent + extent) % extent
        return position + (from - place) * stride
      }
    }
    return [try x.picking(positions, context.outputs[0])]
  }
}

extension GraphBuilder {
  /// Moves the elements along axes; what leaves at one end comes back at the other.
  public func roll(_ x: ValueID, shifts: [Int], axes: [Int]) throws -> ValueID {
    let rank = shape(x).rank
    guard shifts.count == axes.count else { return try apply(Roll(shifts: shifts, axes: axes), x) }
    let pairs = zip(axes.map { normalized($0, rank: rank) }, shifts).sorted { $0.0 < $1.0 }
    return try apply(Roll(shifts: pairs.map(\.1), axes: pairs.map(\.0)), x)
  }
}

extension Roll: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(Roll(shifts: shifts, axes: axes.map { $0 + 1 }))
  }
}
