import JacquardCore
import JacquardIR

/// The float next to a value in the direction of another one: a step on the grid of the type, made on its bits.
public struct NextAfter: CompositeOperation {
  public static let name = "nextAfter"
  public static let doc = OperationDoc(
    "The float next to x in the direction of a target; operands x, target.",
    formula: "nextAfter of IEEE 754-1985 (nextafter of C, NumPy and PyTorch)",
    constraints: ["c1: the operands have one floating type", ElementRule.broadcastDoc],
    conventions: [
      "the target where both are equal, so +0 from -0 towards +0", "NaN where either is",
      "from 0 the smallest subnormal with the sign of the target", "from the largest finite value infinity, and back",
      "there is no derivative: the step is a property of the type, not of the function",
    ])

  private static let edges: HostTensor =
    (try? HostTensor(
      [
        0, -0.0, 1, -1, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity,
        .nan,
      ]
        as [Float], [10])) ?? HostTensor(0 as Float)
  private static let column: HostTensor = (try? edges.reshaped([10, 1])) ?? edges

  public static let samples = [
    OperationSample(
      NextAfter(), [.uniform("f32[3,4]", -2, 2), .uniform("f32[4]", -2, 2)], gradient: .none(reason: reason)),
    OperationSample(
      NextAfter(), [.uniform("f64[2,1]", -2, 2), .uniform("f64[3]", -2, 2)], gradient: .none(reason: reason)),
    OperationSample(
      NextAfter(), [.uniform("f16[7]", -2, 2), .uniform("f16[]", -2, 2)], gradient: .none(reason: reason)),
    OperationSample(
      NextAfter(), [.uniform("bf16[7]", -2, 2), .uniform("bf16[7]", -2, 2)], gradient: .none(reason: reason)),
    OperationSample(NextAfter(), [.values(column), .values(edges)], gradient: .none(reason: reason)),
  ]
  public static let violations = [
    OperationViolation(1, NextAfter(), ["f32[2]", "f64[2]"]), OperationViolation(1, NextAfter(), ["i32[2]", "i32[2]"]),
    OperationViolation(2, NextAfter(), ["f32[2]", "f32[3]"]),
  ]

  private static let reason = "a step to the next float has no derivative"

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 2)
    let (x, target) = (context.inputs[0].shape, context.inputs[1].shape)
    guard let shape = x.broadcast(with: target) else { throw violated(2, "shapes \(x) and \(target) do not broadcast") }
    return [TensorType(context.inputs[0].dtype, shape)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .nonDifferentiable("nextAfter: \(Self.reason)")
  }

  /// The bits of a float read as a whole number grow with its magnitude, whatever its sign: the neighbours are one more and one less.
  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (x, target, dtype) = (inputs[0], inputs[1], builder.type(inputs[0]).dtype)
    let zero = try builder.scalar(0, for: x)
    let whole: DType = dtype.byteSize == 2 ? .i16 : dtype.byteSize == 4 ? .i32 : .i64
    let (one, minusOne) = (try builder.constant(1, whole), try builder.constant(-1, whole))
    let grows = try builder.equal(builder.greater(target, x), builder.greater(x, zero))
    let moved = try builder.add(builder.bitcast(x, whole), builder.select(grows, one, minusOne))
    let least = try builder.bitcast(one, dtype)
    let fromZero = try builder.select(builder.greater(target, zero), least, builder.negate(least))
    let next = try builder.select(builder.equal(x, zero), fromZero, builder.bitcast(moved, dtype))
    let step = try builder.select(builder.equal(x, target), target, next)
    let undefined = try builder.logicalOr(builder.isNaN(x), builder.isNaN(target))
    return [try builder.select(undefined, builder.add(x, target), step)]
  }
}

extension GraphBuilder {
  /// The float next to `x` in the direction of `target`.
  public func nextAfter(_ x: ValueID, toward target: ValueID) throws -> ValueID { try apply(NextAfter(), x, target) }
}
