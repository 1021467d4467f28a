import JacquardCore
import JacquardIR
import JacquardKernels

/// Picks elements or slices by tuples of positions, one for each of the first axes (ONNX's and TensorFlow's GatherND).
/// Operands: data, indices.
public struct GatherND: Operation {
  public static let name = "gatherND"
  public static let doc = OperationDoc(
    "Picks elements or slices by tuples of positions, one for each of the first axes (ONNX's and TensorFlow's GatherND).",
    formula: "y[i..., b...] = data[indices[i..., 0], ..., indices[i..., K - 1], b...]",
    constraints: ["c1: \(IndexRules.dtypeDoc)", "c2: \(IndexRules.tupleDoc)"],
    conventions: [IndexRules.rangeDoc])

  public static let samples = [
    OperationSample(GatherND(), [.uniform("f32[4,3,2]", -2, 2), .integers("i32[5,2]", 0, 3)]),
    OperationSample(GatherND(), [.uniform("f32[4,3]", -2, 2), .integers("i64[2,2,1]", 0, 4)]),
    OperationSample(GatherND(), [.uniform("f32[4,3]", -2, 2), .integers("i32[2]", 0, 3)]),
    OperationSample(
      GatherND(), [.integers("i32[4]", -9, 9), .integers("i32[0,1]", 0, 4)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, GatherND(), ["f32[5,3]", "f32[7,1]"]),
    OperationViolation(2, GatherND(), ["f32[5,3]", "i32[7,3]"]),
    OperationViolation(2, GatherND(), ["f32[5,3]", "i32[7,0]"]),
    OperationViolation(2, GatherND(), ["f32[5,3]", "i32[]"]),
    OperationViolation(2, GatherND(), ["f32[5,3]", "i32[7,N]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (data, indices) = (context.inputs[0], context.inputs[1])
    if !IndexRules.isIndex(indices.dtype) { throw violated(1, "indices have type \(indices)") }
    guard let shape = IndexRules.shapeOfTuples(indices.shape, in: data.shape) else {
      throw violated(2, "indices \(indices.shape) do not fit data \(data.shape)")
    }
    return [TensorType(data.dtype, shape)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    if !context.needed[0] { return .cotangents([.zero, .zero]) }
    let base = try context.builder.fill(0, like: context.inputs[0])
    let sum = try context.builder.scatterND(base, context.inputs[1], context.cotangent(), .add)
    return .cotangents([.value(sum), .zero])
  }

  public func lower(_ context: LoweringContext) throws {
    let data = context.inputs[0]
    context.emitMap(Self.name, to: context.outputs[0]) { body in
      let axes = body.extents.indices.map { IndexExpression.axis($0) }
      return body.load(data, context.dtype(data), context.place(of: axes, by: context.inputs[1], &body))
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (data, indices) = (context.inputs[0], context.inputs[1])
    return [try data.picking(IndexRules.positions(Self.name, indices, in: data.sizes), context.outputs[0])]
  }
}

extension LoweringContext {
  /// The indices of the element that a tuple of run-time positions and the axes after the tuples' own name.
  func place(of axes: [IndexExpression], by indices: BufferID, _ body: inout BodyBuilder) -> [IndexExpression] {
    let sizes = extents(indices)
    let (width, count) = (sizes.count - 1, sizes[sizes.count - 1])
    let positions = (0..<count).map { k in
      let place = Array(axes[..<width]) + [IndexExpression(k)]
      return IndexExpression(.value(body.load(indices, dtype(indices), place)))
    }
    return positions + Array(axes[width...])
  }
}

extension GraphBuilder {
  /// Picks elements or slices by tuples of positions along the last axis of `indices`.
  public func gatherND(_ data: ValueID, _ indices: ValueID) throws -> ValueID { try apply(GatherND(), data, indices) }
}

extension GatherND: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, data, indices) = (context.builder, context.inputs[0], context.inputs[1])
    if !data.isBatched { return [Batched(try builder.gatherND(data.value, indices.value))] }
    if indices.isBatched { return [Batched(try builder.gatherND(data.value, context.tuples(indices.value)))] }
    let picked = try builder.gatherND(builder.movingAxis(data.value, from: 0, to: context.rank(0)), indices.value)
    return [Batched(try builder.movingAxis(picked, from: builder.shape(picked).rank - 1, to: 0))]
  }
}
