import JacquardCore
import JacquardIR
import JacquardKernels

/// Adds slices at positions along an axis to a copy of a tensor (the gradient of gather). Operands: base, indices,
/// updates.
public struct ScatterAdd: Operation {
  public static let name = "scatterAdd"
  public static let doc = OperationDoc(
    "Adds slices at positions along an axis to a copy of a tensor (the gradient of gather).",
    formula: "y = base; y[a..., indices[i...], b...] += updates[a..., i..., b...]",
    constraints: [
      "c1: \(IndexRules.dtypeDoc)", "c2: axis is one of the base's axes",
      "c3: the updates have the shape that gather gives", "c4: base and updates have one numeric type",
    ],
    conventions: [IndexRules.rangeDoc, "what meets at one element is added in the row-major order of the updates"])

  public static let samples = [
    OperationSample(
      ScatterAdd(axis: 0),
      [.uniform("f32[5,3]", -2, 2), .integers("i32[7]", 0, 5), .uniform("f32[7,3]", -2, 2)]),
    OperationSample(
      ScatterAdd(axis: 1),
      [.uniform("f32[2,4,3]", -2, 2), .integers("i64[2,2]", 0, 4), .uniform("f32[2,2,2,3]", -2, 2)]),
    OperationSample(
      ScatterAdd(axis: 0), [.integers("i32[4]", -9, 9), .integers("i32[0]", 0, 4), .integers("i32[0]", -9, 9)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, ScatterAdd(axis: 0), ["f32[5]", "u8[2]", "f32[2]"]),
    OperationViolation(2, ScatterAdd(axis: 1), ["f32[5]", "i32[2]", "f32[2]"]),
    OperationViolation(3, ScatterAdd(axis: 0), ["f32[5]", "i32[2]", "f32[3]"]),
    OperationViolation(4, ScatterAdd(axis: 0), ["f32[5]", "i32[2]", "f64[2]"]),
    OperationViolation(4, ScatterAdd(axis: 0), ["bool[5]", "i32[2]", "bool[2]"]),
  ]

  /// Of the base, counted from the first.
  public var axis: Int

  /// The axis is checked where types are inferred (c2).
  public init(axis: Int) { self.axis = axis }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(3, context)
    let (base, indices, updates) = (context.inputs[0], context.inputs[1], context.inputs[2])
    if !IndexRules.isIndex(indices.dtype) { throw violated(1, "indices have type \(indices)") }
    try requireAxis(axis, rank: base.shape.rank, 2)
    let wanted = base.shape.replacing(axis, by: indices.shape)
    if updates.shape != wanted { throw violated(3, "updates have shape \(updates.shape), not \(wanted)") }
    if updates.dtype != base.dtype || !base.dtype.isNumeric {
      throw violated(4, "not defined for \(base) and \(updates)")
    }
    return [base]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    let updates: Cotangent =
      context.needed[2] ? .value(try context.builder.gather(g, context.inputs[1], axis: axis)) : .zero
    return .cotangents([.value(g), .zero, updates])
  }

  public func lower(_ context: LoweringContext) throws {
    let (base, indices, updates) = (context.inputs[0], context.inputs[1], context.inputs[2])
    let space = context.extents(updates)
    if space.contains(0) {
      return context.emitCopy(Self.name, from: base, to: context.outputs[0]) { axes, _ in axes }
    }
    let width = context.extents(indices).count
    let axes = space.indices.map { IndexExpression.axis($0) }
    var body = BodyBuilder(extents: space, node: context.node)
    let index = body.load(indices, context.dtype(indices), Array(axes[axis..<axis + width]))
    // Where there is nothing to add to, the indices are still checked: not on the way to a wider type, whose way back is empty.
    let isEmpty = context.extents(base).contains(0)
    let wide = isEmpty ? context.dtype(base) : context.dtype(base).computeType
    let value = body.cast(body.load(updates, context.dtype(updates), axes), wide)
    let place = Array(axes[..<axis]) + [IndexExpression(.value(index))] + Array(axes[(axis + width)...])
    context.emitScatter(Self.name, base: base, wide) { target, base in
      Scatter(
        space: space, body: body.instructions, target: Access(target, place, node: context.node), value: value,
        combiner: isEmpty ? nil : .sum, base: base)
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (base, indices, updates) = (context.inputs[0], context.inputs[1], context.inputs[2])
    let places = try IndexedSlices(Self.name, base.sizes, axis, indices)
    // Sums are kept in double precision (or as integers) and rounded once.
    var totals = (0..<base.count).map { base[linear: $0] }
    for (index, place) in places.positions.enumerated() {
      let (total, update) = (totals[place], updates[linear: index])
      totals[place] =
        base.dtype.isFloat ? .float(total.asDouble + update.asDouble) : .int(total.asInt &+ update.asInt)
    }
    return [try HostTensor(base.dtype, base.sizes, totals)]
  }
}

extension GraphBuilder {
  /// Adds slices at positions along an axis to a copy of `base`.
  public func scatterAdd(
    _ base: ValueID, _ indices: ValueID, _ updates: ValueID, axis: Int
  ) throws -> ValueID {
    try apply(ScatterAdd(axis: normalized(axis, rank: shape(base).rank)), base, indices, updates)
  }
}

extension ScatterAdd: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, width) = (context.builder, context.rank(1))
    let (base, updates) = (try context.batched(0), try context.batched(2))
    if !context.inputs[1].isBatched {
      return [Batched(try builder.scatterAdd(base, context.inputs[1].value, updates, axis: axis + 1))]
    }
    let positions = try builder.expandDims(context.inputs[1].value, axis: width + 1)
    let rows = try builder.movingAxis(base, from: axis + 1, to: 1)
    let moved = try builder.movingAxes(updates, from: 1 + axis, count: width, to: 1)
    let sum = try builder.scatterND(rows, context.tuples(positions), moved, .add)
    return [Batched(try builder.movingAxis(sum, from: 1, to: axis + 1))]
  }
}
