import JacquardCore
import JacquardIR
import JacquardKernels

/// Replaces a part of a copy of a tensor, at a place known when the graph runs (XLA's DynamicUpdateSlice). Operands: x,
/// update, starts.
public struct DynamicUpdateSlice: Operation {
  public static let name = "dynamicUpdateSlice"
  public static let doc = OperationDoc(
    "Replaces a part of a copy of a tensor, at a place known when the graph runs (XLA's DynamicUpdateSlice); operands x, "
      + "update, starts.",
    formula: "y = x; y[s + i] = update[i], s = min(max(starts, 0), dimension - size) along each axis",
    constraints: [
      "c1: \(IndexRules.startsDoc)", "c2: x and update have one element type",
      "c3: the update has the rank of x, and is no larger along any axis",
    ],
    conventions: [
      "a start that would leave the tensor is moved to the nearest that does not",
      "where x is not needed any more the update is written into it: a cache takes the time of the update only",
    ])

  public static let samples = [
    OperationSample(
      DynamicUpdateSlice(), [.uniform("f32[4,7]", -2, 2), .uniform("f32[2,3]", -2, 2), .integers("i32[2]", -1, 6)]),
    OperationSample(
      DynamicUpdateSlice(), [.uniform("f32[4,3]", -2, 2), .uniform("f32[2,3]", -2, 2), .integers("i64[2]", 0, 4)]),
    OperationSample(
      DynamicUpdateSlice(), [.integers("i32[6]", -9, 9), .integers("i32[2]", -9, 9), .integers("i32[1]", 0, 5)],
      gradient: .none(reason: "integers")),
    OperationSample(
      DynamicUpdateSlice(), [.integers("bool[6]", 0, 2), .integers("bool[0]", 0, 2), .integers("i32[1]", 0, 5)],
      gradient: .none(reason: "booleans")),
  ]
  public static let violations = [
    OperationViolation(1, DynamicUpdateSlice(), ["f32[4]", "f32[2]", "i32[2]"]),
    OperationViolation(2, DynamicUpdateSlice(), ["f32[4]", "f64[2]", "i32[1]"]),
    OperationViolation(3, DynamicUpdateSlice(), ["f32[4]", "f32[5]", "i32[1]"]),
    OperationViolation(3, DynamicUpdateSlice(), ["f32[4]", "f32[2,1]", "i32[1]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(3, context)
    let (x, update, starts) = (context.inputs[0], context.inputs[1], context.inputs[2])
    if !IndexRules.areStarts(starts, rank: x.shape.rank) { throw violated(1, "starts have type \(starts)") }
    if x.dtype != update.dtype { throw violated(2, "operands have types \(x) and \(update)") }
    if x.shape.rank != update.shape.rank { throw violated(3, "update \(update.shape) does not fit \(x.shape)") }
    for (size, dim) in zip(update.shape.dims, x.shape.dims) {
      if try dim.minus(size).isCertainlyNegative { throw violated(3, "update \(update.shape) does not fit \(x.shape)") }
    }
    return [x]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, g, update, starts) = (
      context.builder, try context.cotangent(), context.inputs[1], context.inputs[2]
    )
    return try context.perInput { k in
      switch k {
      case 0: try builder.dynamicUpdateSlice(g, builder.fill(0, like: update), starts)
      case 1: try builder.dynamicSlice(g, starts, sizes: builder.shape(update).dims)
      default: nil
      }
    }
  }

  public func lower(_ context: LoweringContext) throws {
    let (x, update, starts) = (context.inputs[0], context.inputs[1], context.inputs[2])
    let (space, dtype) = (context.extents(update), context.dtype(x))
    if space.contains(0) { return context.emitCopy(Self.name, from: x, to: context.outputs[0]) { axes, _ in axes } }
    let axes = space.indices.map { IndexExpression.axis($0) }
    var body = BodyBuilder(extents: space, node: context.node)
    let place = context.place(of: axes, from: starts, part: space, of: context.extents(x), &body)
    let value = body.load(update, dtype, axes)
    let target = Access(context.outputs[0], place, node: context.node)
    context.emit(
      Self.name,
      .scatter(
        Scatter(space: space, body: body.instructions, target: target, value: value, combiner: nil, base: x)))
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (x, update) = (context.inputs[0], context.inputs[1])
    let base = IndexRules.start(context.inputs[2], part: update.sizes, of: x.sizes)
    var result = x
    let targets = StridedPoints.offsets(update.sizes, Layout.rowMajor(x.sizes).strides, base: base)
    for (index, target) in targets.enumerated() { result[linear: target] = update[linear: index] }
    return [result]
  }
}

extension GraphBuilder {
  /// A copy of `x` with `update` in the place of the part that begins at `starts`.
  public func dynamicUpdateSlice(_ x: ValueID, _ update: ValueID, _ starts: ValueID) throws -> ValueID {
    try apply(DynamicUpdateSlice(), x, update, starts)
  }
}

extension DynamicUpdateSlice: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, starts) = (context.builder, context.inputs[2])
    if starts.isBatched { return try context.applyInTurn(self) }
    let whole = try builder.startingAtBatch(starts.value)
    return [Batched(try builder.dynamicUpdateSlice(context.batched(0), context.batched(1), whole))]
  }
}
