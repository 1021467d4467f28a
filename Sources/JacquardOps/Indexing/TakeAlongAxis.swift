import JacquardCore
import JacquardIR
import JacquardKernels

/// Picks single elements along an axis (NumPy's take_along_axis): the label's logit of each row, say. Operands: x,
/// indices.
public struct TakeAlongAxis: Operation {
  public static let name = "takeAlongAxis"
  public static let doc = OperationDoc(
    "Picks single elements along an axis (NumPy's take_along_axis): the label's logit of each row, say.",
    formula: "y[a..., j, b...] = x[a..., indices[a..., j, b...], b...]",
    constraints: [
      "c1: \(IndexRules.dtypeDoc)", "c2: axis is one of x's axes",
      "c3: x and indices have one shape, but for that axis",
    ],
    conventions: [
      IndexRules.rangeDoc,
      "the gradient compares every position with the index where there is one a row, else it scatters",
    ])

  public static let samples = [
    OperationSample(TakeAlongAxis(axis: 1), [.uniform("f32[4,5]", -2, 2), .integers("i32[4,1]", 0, 5)]),
    OperationSample(TakeAlongAxis(axis: 0), [.uniform("f32[3,2]", -2, 2), .integers("i64[4,2]", 0, 3)]),
    OperationSample(TakeAlongAxis(axis: 1), [.uniform("f32[2,3,2]", -2, 2), .integers("i32[2,2,2]", 0, 3)]),
  ]
  public static let violations = [
    OperationViolation(1, TakeAlongAxis(axis: 0), ["f32[5]", "bool[2]"]),
    OperationViolation(2, TakeAlongAxis(axis: 1), ["f32[5]", "i32[2]"]),
    OperationViolation(3, TakeAlongAxis(axis: 1), ["f32[4,5]", "i32[3,1]"]),
    OperationViolation(3, TakeAlongAxis(axis: 1), ["f32[4,5]", "i32[4]"]),
  ]

  /// Counted from the first.
  public var axis: Int

  /// The axis is checked where types are inferred (c2).
  public init(axis: Int) { self.axis = axis }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (x, indices) = (context.inputs[0], context.inputs[1])
    if !IndexRules.isIndex(indices.dtype) { throw violated(1, "indices have type \(indices)") }
    try requireAxis(axis, rank: x.shape.rank, 2)
    var expected = x.shape
    if axis < indices.shape.rank { expected.dims[axis] = indices.shape[axis] }
    if indices.shape != expected {
      throw violated(3, "indices have shape \(indices.shape), which differs from \(x.shape) in more than axis \(axis)")
    }
    return [TensorType(x.dtype, indices.shape)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    if !context.needed[0] { return .cotangents([.zero, .zero]) }
    let (b, g) = (context.builder, try context.cotangent())
    let (x, indices) = (context.type(context.inputs[0]), context.type(context.inputs[1]))
    if indices.shape[axis].isOne {
      let positions = try b.iota(x.shape, axis: axis, indices.dtype)
      let hit = try b.equal(positions, context.inputs[1])
      return .cotangents([.value(try b.select(hit, g, b.constant(0, x.dtype))), .zero])
    }
    let base = try b.fill(0, like: context.inputs[0])
    return .cotangents([.value(try b.scatterElements(base, context.inputs[1], g, axis: axis, .add)), .zero])
  }

  public func lower(_ context: LoweringContext) throws {
    let (x, indices) = (context.inputs[0], context.inputs[1])
    context.emitMap(Self.name, to: context.outputs[0]) { body in
      var axes = body.extents.indices.map { IndexExpression.axis($0) }
      axes[axis] = IndexExpression(.value(body.load(indices, context.dtype(indices), axes)))
      return body.load(x, context.dtype(x), axes)
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (x, indices) = (context.inputs[0], context.inputs[1])
    var strides = Layout.rowMajor(x.sizes).strides
    let along = strides[axis]
    strides[axis] = 0
    let bases = StridedPoints.offsets(indices.sizes, strides)
    let positions = try bases.enumerated().map { place, base in
      base + along * (try IndexRules.checked(Self.name, indices, at: place, below: x.sizes[axis]))
    }
    return [try x.picking(positions, context.outputs[0])]
  }
}

extension GraphBuilder {
  /// Picks single elements along an axis.
  public func takeAlongAxis(_ x: ValueID, _ indices: ValueID, axis: Int) throws -> ValueID {
    try apply(TakeAlongAxis(axis: normalized(axis, rank: shape(x).rank)), x, indices)
  }
}

extension TakeAlongAxis: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(TakeAlongAxis(axis: axis + 1))
  }
}
