import JacquardCore
import JacquardIR
import JacquardKernels

/// Puts single elements at positions along an axis into a copy of a tensor (ONNX's ScatterElements, PyTorch's
/// scatter_reduce). Operands: base, indices, updates.
public struct ScatterElements: Operation {
  public static let name = "scatterElements"
  public static let defaults = ScatterCombiner.default
  public static let doc = OperationDoc(
    "Puts single elements at positions along an axis into a copy of a tensor (ONNX's ScatterElements, PyTorch's "
      + "scatter_reduce); operands base, indices, updates.",
    formula: "y = base; y[a..., indices[a..., j, b...], b...] = combiner(itself, updates[a..., j, b...])",
    constraints: [
      "c1: \(IndexRules.dtypeDoc)", "c2: axis is one of the base's axes",
      "c3: indices and updates have one shape, of the base's rank, and no larger than it along the other axes",
      "c4: \(ScatterCombiner.typeDoc)",
    ],
    conventions: ScatterCombiner.conventions)

  private static let indices: HostTensor =
    (try? HostTensor([4, 0, 2, 1, 3, 0] as [Int32], [2, 3])) ?? HostTensor(0 as Int32)

  public static let samples =
    ScatterCombiner.allCases.map { combiner in
      OperationSample(
        ScatterElements(axis: 1, combiner),
        [.signed("f32[2,5]", 0.5, 2), .integers("i32[2,7]", 0, 5), .signed("f32[2,7]", 0.5, 2)])
    } + [
      OperationSample(
        ScatterElements(axis: 0, .add), [.uniform("f32[5,3]", -2, 2), .values(indices), .uniform("f32[2,3]", -2, 2)]),
      OperationSample(
        ScatterElements(axis: 0, .set),
        [.integers("i64[4,3]", -9, 9), .integers("i64[6,2]", 0, 4), .integers("i64[6,2]", -9, 9)],
        gradient: .none(reason: "integers")),
      OperationSample(
        ScatterElements(axis: 0, .multiply),
        [.integers("u8[4]", 0, 9), .integers("i32[9]", 0, 4), .integers("u8[9]", 0, 9)],
        gradient: .none(reason: "integers")),
      OperationSample(
        ScatterElements(axis: 0, .set),
        [.integers("bool[4]", 0, 2), .integers("i32[0]", 0, 4), .integers("bool[0]", 0, 2)],
        gradient: .none(reason: "booleans")),
    ]
  public static let violations = [
    OperationViolation(1, ScatterElements(axis: 0, .add), ["f32[5]", "u8[2]", "f32[2]"]),
    OperationViolation(2, ScatterElements(axis: 1, .add), ["f32[5]", "i32[2]", "f32[2]"]),
    OperationViolation(3, ScatterElements(axis: 0, .add), ["f32[5]", "i32[2]", "f32[3]"]),
    OperationViolation(3, ScatterElements(axis: 0, .add), ["f32[5,2]", "i32[2]", "f32[2]"]),
    OperationViolation(3, ScatterElements(axis: 0, .add), ["f32[5,2]", "i32[2,3]", "f32[2,3]"]),
    OperationViolation(4, ScatterElements(axis: 0, .set), ["f32[5]", "i32[2]", "f64[2]"]),
    OperationViolation(4, ScatterElements(axis: 0, .add), ["bool[5]", "i32[2]", "bool[2]"]),
  ]

  /// Of the base, counted from the first.
  public var axis: Int
  /// How an update is put together with the element that is there.
  public var combiner: ScatterCombiner

  /// Replaces elements, unless told otherwise. The axis is checked where types are inferred (c2).
  public init(axis: Int, _ combiner: ScatterCombiner) {
    self.axis = axis
    self.combiner = combiner
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(3, context)
    let (base, indices, updates) = (context.inputs[0], context.inputs[1], context.inputs[2])
    if !IndexRules.isIndex(indices.dtype) { throw violated(1, "indices have type \(indices)") }
    try requireAxis(axis, rank: base.shape.rank, 2)
    guard indices.shape == updates.shape, indices.shape.rank == base.shape.rank else {
      throw violated(3, "indices \(indices.shape) and updates \(updates.shape) do not fit base \(base.shape)")
    }
    for other in base.shape.dims.indices where other != axis {
      if try base.shape[other].minus(indices.shape[other]).isCertainlyNegative {
        throw violated(3, "indices \(indices.shape) are larger than base \(base.shape) along axis \(other)")
      }
    }
    if !combiner.accepts(base.dtype, updates.dtype) {
      throw violated(4, "\(combiner.rawValue) is not defined for \(base) and \(updates)")
    }
    return [base]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, indices) = (context.builder, context.inputs[1])
    let rule = ScatterGradient(context: context) { value in
      try builder.takeAlongAxis(builder.corner(of: value, like: indices, but: axis), indices, axis: axis)
    } put: {
      try builder.scatterElements($0, indices, $1, axis: axis, $2)
    }
    return try rule.gradient(combiner)
  }

  public func lower(_ context: LoweringContext) throws {
    let indices = context.inputs[1]
    context.emitScatter(Self.name, combiner) { body, axes in
      var place = axes
      place[axis] = IndexExpression(.value(body.load(indices, context.dtype(indices), axes)))
      return place
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (base, indices, updates) = (context.inputs[0], context.inputs[1], context.inputs[2])
    let along = Layout.rowMajor(base.sizes).strides[axis]
    var strides = Layout.rowMajor(base.sizes).strides
    strides[axis] = 0
    let positions = try StridedPoints.offsets(indices.sizes, strides).enumerated().map { place, start in
      start + along * (try IndexRules.checked(Self.name, indices, at: place, below: base.sizes[axis]))
    }
    return [try combiner.reference(base, updates, at: positions)]
  }
}

extension GraphBuilder {
  /// Puts single elements at positions along an axis into a copy of `base`.
  public func scatterElements(
    _ base: ValueID, _ indices: ValueID, _ updates: ValueID, axis: Int, _ combiner: ScatterCombiner = .set
  ) throws -> ValueID {
    let axis = normalized(axis, rank: shape(base).rank)
    return try apply(ScatterElements(axis: axis, combiner), base, indices, updates)
  }

  /// The first elements along every axis but one, as many as another value has.
  func corner(of x: ValueID, like other: ValueID, but axis: Int) throws -> ValueID {
    var limits = shape(other).dims
    limits[axis] = shape(x)[axis]
    if limits == shape(x).dims { return x }
    return try slice(x, starts: limits.map { _ in 0 }, limits: limits)
  }
}

extension ScatterElements: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(ScatterElements(axis: axis + 1, combiner))
  }
}
