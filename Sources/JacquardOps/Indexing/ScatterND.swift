import JacquardCore
import JacquardIR
import JacquardKernels

/// Puts elements or slices at tuples of positions into a copy of a tensor (ONNX's ScatterND). Operands: base, indices,
/// updates.
public struct ScatterND: Operation {
  public static let name = "scatterND"
  public static let defaults = ScatterCombiner.default
  public static let doc = OperationDoc(
    "Puts elements or slices at tuples of positions into a copy of a tensor (ONNX's ScatterND); operands base, indices, "
      + "updates.",
    formula: "y = base; y[indices[i..., 0], ..., indices[i..., K - 1], b...] = combiner(itself, updates[i..., b...])",
    constraints: [
      "c1: \(IndexRules.dtypeDoc)", "c2: \(IndexRules.tupleDoc)",
      "c3: the updates have the shape that gatherND gives", "c4: \(ScatterCombiner.typeDoc)",
    ],
    conventions: ScatterCombiner.conventions)

  public static let samples =
    ScatterCombiner.allCases.map { combiner in
      OperationSample(
        ScatterND(combiner),
        [.signed("f32[3,2,4]", 0.5, 2), .integers("i32[5,2]", 0, 2), .signed("f32[5,4]", 0.5, 2)])
    } + [
      OperationSample(
        ScatterND(.set), [.uniform("f32[4,3]", -2, 2), .integers("i64[2,2,2]", 0, 3), .uniform("f32[2,2]", -2, 2)]),
      OperationSample(
        ScatterND(.add), [.integers("i32[6]", -9, 9), .integers("i32[9,1]", 0, 6), .integers("i32[9]", -9, 9)],
        gradient: .none(reason: "integers")),
      OperationSample(
        ScatterND(.set), [.integers("bool[4]", 0, 2), .integers("i32[1]", 0, 4), .integers("bool[]", 0, 2)],
        gradient: .none(reason: "booleans")),
    ]
  public static let violations = [
    OperationViolation(1, ScatterND(.add), ["f32[5,3]", "f32[7,1]", "f32[7,3]"]),
    OperationViolation(2, ScatterND(.add), ["f32[5,3]", "i32[7,3]", "f32[7]"]),
    OperationViolation(3, ScatterND(.add), ["f32[5,3]", "i32[7,1]", "f32[7]"]),
    OperationViolation(4, ScatterND(.set), ["f32[5,3]", "i32[7,1]", "f64[7,3]"]),
    OperationViolation(4, ScatterND(.add), ["bool[5]", "i32[7,1]", "bool[7]"]),
  ]

  /// How an update is put together with the element that is there.
  public var combiner: ScatterCombiner

  /// Replaces elements, unless told otherwise.
  public init(_ combiner: ScatterCombiner) { self.combiner = combiner }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(3, context)
    let (base, indices, updates) = (context.inputs[0], context.inputs[1], context.inputs[2])
    if !IndexRules.isIndex(indices.dtype) { throw violated(1, "indices have type \(indices)") }
    guard let wanted = IndexRules.shapeOfTuples(indices.shape, in: base.shape) else {
      throw violated(2, "indices \(indices.shape) do not fit base \(base.shape)")
    }
    if updates.shape != wanted { throw violated(3, "updates have shape \(updates.shape), not \(wanted)") }
    if !combiner.accepts(base.dtype, updates.dtype) {
      throw violated(4, "\(combiner.rawValue) is not defined for \(base) and \(updates)")
    }
    return [base]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, indices) = (context.builder, context.inputs[1])
    let rule = ScatterGradient(context: context) {
      try builder.gatherND($0, indices)
    } put: {
      try builder.scatterND($0, indices, $1, $2)
    }
    return try rule.gradient(combiner)
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitScatter(Self.name, combiner) { body, axes in context.place(of: axes, by: context.inputs[1], &body) }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (base, indices, updates) = (context.inputs[0], context.inputs[1], context.inputs[2])
    return [try combiner.reference(base, updates, at: IndexRules.positions(Self.name, indices, in: base.sizes))]
  }
}

extension GraphBuilder {
  /// Puts elements or slices at tuples of positions into a copy of `base`.
  public func scatterND(
    _ base: ValueID, _ indices: ValueID, _ updates: ValueID, _ combiner: ScatterCombiner = .set
  ) throws -> ValueID {
    try apply(ScatterND(combiner), base, indices, updates)
  }
}

extension ScatterND: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, base, updates) = (context.builder, try context.batched(0), try context.batched(2))
    if context.inputs[1].isBatched {
      return [Batched(try builder.scatterND(base, context.tuples(context.inputs[1].value), updates, combiner))]
    }
    let last = try builder.movingAxis(base, from: 0, to: context.rank(0))
    let result = try builder.scatterND(
      last, context.inputs[1].value, builder.movingAxis(updates, from: 0, to: context.rank(2)), combiner)
    return [Batched(try builder.movingAxis(result, from: context.rank(0), to: 0))]
  }
}
