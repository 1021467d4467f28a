import JacquardCore
import JacquardIR
import JacquardKernels

/// Surrounds a tensor with a value, and spreads its elements apart.
public struct Pad: Operation {
  public static let name = "pad"
  public static let defaults = [AttributeField("interior", .array([])), AttributeField("value", .float(0))]
  public static let doc = OperationDoc(
    "Surrounds a tensor with a value, and spreads its elements apart.",
    formula: "y[low + i * (interior + 1)] = x[i], value elsewhere; low + n + max(n - 1, 0) * interior + high elements",
    constraints: [
      "c1: low and high have one entry an axis, and interior too or none at all",
      "c2: low, high and interior are not negative, and interior is under 2^31",
    ],
    conventions: ["the value is converted to the element type; an integer beyond 2^53 is not exact"])

  public static let samples = [
    OperationSample(Pad(low: [1], high: [2], value: -1.5), [.uniform("f32[3]", -2, 2)]),
    OperationSample(Pad(low: [0, 2], high: [1, 0]), [.uniform("f32[2,3]", -2, 2)]),
    OperationSample(Pad(low: [1, 0], high: [0, 1], interior: [2, 1], value: 3), [.uniform("f32[3,2]", -2, 2)]),
    OperationSample(
      Pad(low: [1], high: [1], value: 7), [.integers("i32[4]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(
      Pad(low: [1], high: [1], interior: [2], value: 7), [.integers("i32[0]", -9, 9)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Pad(low: [1], high: [1]), ["f32[2,3]"]),
    OperationViolation(1, Pad(low: [1], high: [1], interior: [1, 1]), ["f32[2]"]),
    OperationViolation(2, Pad(low: [-1], high: [1]), ["f32[2]"]),
    OperationViolation(2, Pad(low: [1], high: [1], interior: [-1]), ["f32[2]"]),
  ]

  /// Elements put before each axis.
  public var low: [Dim]
  /// Elements put after each axis.
  public var high: [Dim]
  /// Elements put between two neighbours along each axis; empty for none anywhere.
  public var interior: [Int]
  /// What is put there, converted to the element type.
  public var value: Double

  /// Zeros around the tensor and none inside, unless told otherwise. The numbers are checked where types are inferred
  /// (c1, c2).
  public init(low: [Dim], high: [Dim], interior: [Int] = [], value: Double = 0) {
    self.low = low
    self.high = high
    self.interior = interior
    self.value = value
  }

  /// The distance between neighbours along an axis.
  private func step(_ axis: Int) -> Int { interior.isEmpty ? 1 : interior[axis] + 1 }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let input = context.inputs[0]
    let rank = input.shape.rank
    if low.count != rank || high.count != rank || (!interior.isEmpty && interior.count != rank) {
      throw violated(1, "low, high and interior must have \(rank) entries each for \(input)")
    }
    let outside = (low + high).contains(where: \.isCertainlyNegative) || interior.contains { $0 < 0 || $0 >= 1 << 31 }
    if outside { throw violated(2, "low \(low), high \(high) and interior \(interior) are out of range") }
    var dims: [Dim] = []
    for axis in 0..<rank {
      let covered = try Pad.spread(input.shape[axis], interior.isEmpty ? 0 : interior[axis])
      dims.append(try low[axis].plus(covered).plus(high[axis]))
    }
    return [TensorType(input.dtype, Shape(dims))]
  }

  /// What an axis of `count` elements covers when `interior` are put between neighbours.
  private static func spread(_ count: Dim, _ interior: Int) throws(Diagnostic) -> Dim {
    count == 0 || interior == 0 ? count : try count.plus(count.minus(1).times(Dim(interior)))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let operand = context.type(context.inputs[0]).shape
    var limits: [Dim] = []
    for axis in operand.dims.indices {
      limits.append(try low[axis].plus(Pad.spread(operand[axis], step(axis) - 1)))
    }
    let strides = operand.dims.indices.map { step($0) }
    let g = try context.cotangent()
    return .cotangents([.value(try context.builder.slice(g, starts: low, limits: limits, strides: strides))])
  }

  public func lower(_ context: LoweringContext) throws {
    let (input, output) = (context.inputs[0], context.outputs[0])
    let fill = Scalar.float(value).converted(to: context.dtype(input))
    let (before, after) = (low.compactMap(\.value), high.compactMap(\.value))
    let operand = context.extents(input)
    if operand.contains(0) { return context.emitFill(Self.name, fill, to: output) }
    let guarded = before.contains { $0 > 0 } || after.contains { $0 > 0 }
    context.emitMap(Self.name, to: output) { body in
      let space = body.extents
      let positions = space.indices.map { IndexExpression.axis($0) + IndexExpression(-before[$0]) }
      let indices = positions.indices.map { positions[$0].floorDiv(step($0), in: space) }
      var result = body.load(input, context.dtype(input), indices, fill: guarded ? fill : nil)
      for axis in positions.indices where step(axis) > 1 {
        result = keep(result, where: positions[axis].remainder(step(axis), in: space), else: fill, &body)
      }
      return result
    }
  }

  /// Selects a value where an index expression is 0.
  private func keep(
    _ value: Int, where rest: IndexExpression, else fill: Scalar, _ body: inout BodyBuilder
  ) -> Int {
    if rest == IndexExpression(0) { return value }
    let zero = body.append(Instruction(.constant(.int(0)), .i64))
    let hit = body.apply(.equal, body.index(rest, .i64), zero)
    let dtype = body.dtype(value)
    return body.apply(.select, hit, value, body.append(Instruction(.constant(fill), dtype)))
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    var result = try HostTensor(zeros: x.dtype, context.outputs[0].shape.sizes ?? [])
    for index in 0..<result.count { result[linear: index] = .float(value) }
    let own = Layout.rowMajor(result.sizes).strides
    let base = zip(low.compactMap(\.value), own).reduce(0) { $0 + $1.0 * $1.1 }
    let steps = own.indices.map { own[$0] &* step($0) }
    for (index, target) in StridedPoints.offsets(x.sizes, steps, base: base).enumerated() {
      result[linear: target] = x[linear: index]
    }
    return [result]
  }
}

extension GraphBuilder {
  /// Surrounds a tensor with a value.
  public func pad(_ x: ValueID, low: [Int], high: [Int], value: Double = 0) throws -> ValueID {
    try pad(x, low: low.map { Dim($0) }, high: high.map { Dim($0) }, interior: [], value: value)
  }

  /// Surrounds a tensor with a value and puts `interior` such values between neighbours.
  public func pad(
    _ x: ValueID, low: [Dim], high: [Dim], interior: [Int], value: Double = 0
  ) throws -> ValueID {
    let none = interior.allSatisfy { $0 == 0 }
    if none && (low + high).allSatisfy({ $0 == 0 }) && low.count == shape(x).rank { return x }
    return try apply(Pad(low: low, high: high, interior: none ? [] : interior, value: value), x)
  }
}

extension Pad: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let spread = interior.isEmpty ? [] : [0] + interior
    return try context.apply(Pad(low: [0] + low, high: [0] + high, interior: spread, value: value))
  }
}
