import JacquardCore
import JacquardIR
import JacquardKernels

/// Joins tensors end to end along one axis.
public struct Concat: Operation {
  public static let name = "concat"
  public static let doc = OperationDoc(
    "Joins tensors end to end along one axis.", formula: "y = x0 ++ x1 ++ ... along axis",
    constraints: [
      "c1: there is at least one operand",
      "c2: the operands have one element type",
      "c3: axis is one of the operands' axes",
      "c4: the operands have one shape, but for that axis",
    ])

  public static let samples = [
    OperationSample(Concat(axis: 0), [.uniform("f32[2,3]", -2, 2), .uniform("f32[1,3]", -2, 2)]),
    OperationSample(
      Concat(axis: 1), [.uniform("f32[2,3]", -2, 2), .uniform("f32[2,0]", -2, 2), .uniform("f32[2,4]", -2, 2)]),
    OperationSample(Concat(axis: 0), [.integers("i32[3]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Concat(axis: 0), []),
    OperationViolation(2, Concat(axis: 0), ["f32[2]", "i32[2]"]),
    OperationViolation(3, Concat(axis: 1), ["f32[2]", "f32[2]"]),
    OperationViolation(4, Concat(axis: 0), ["f32[2,3]", "f32[2,4]"]),
    OperationViolation(4, Concat(axis: 0), ["f32[2,3]", "f32[2]"]),
  ]

  /// Counted from the first.
  public var axis: Int

  /// The axis is checked where types are inferred (c3).
  public init(axis: Int) { self.axis = axis }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    guard let first = context.inputs.first else { throw violated(1, "needs at least one operand") }
    try requireOperands(context.inputs.count, context)
    try requireAxis(axis, rank: first.shape.rank, 3)
    var joined = first.shape
    for input in context.inputs.dropFirst() {
      if input.dtype != first.dtype { throw violated(2, "operands have types \(first) and \(input)") }
      var expected = first.shape
      if axis < input.shape.rank { expected.dims[axis] = input.shape[axis] }
      if input.shape != expected {
        throw violated(4, "shapes \(first.shape) and \(input.shape) differ in more than axis \(axis)")
      }
      joined.dims[axis] = try joined[axis].plus(input.shape[axis])
    }
    return [TensorType(first.dtype, joined)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    var start: Dim = 0
    var result: [Cotangent] = []
    for (input, needed) in zip(context.inputs, context.needed) {
      let limit = try start.plus(context.type(input).shape[axis])
      result.append(needed ? .value(try context.builder.slice(g, axis: axis, from: start, to: limit)) : .zero)
      start = limit
    }
    return .cotangents(result)
  }

  public func lower(_ context: LoweringContext) throws {
    var start = 0
    var nests: [LoopNest] = []
    for input in context.inputs {
      let extents = context.extents(input)
      if !extents.contains(0) { nests.append(copy(input, to: start, context)) }
      start += extents[axis]
    }
    if !nests.isEmpty { context.emit(Self.name, .loops(nests)) }
  }

  /// Copies one operand to its place in the result.
  private func copy(_ input: BufferID, to start: Int, _ context: LoweringContext) -> LoopNest {
    let extents = context.extents(input)
    let axes = extents.indices.map { IndexExpression.axis($0) }
    var target = axes
    target[axis] = target[axis] + IndexExpression(start)
    var body = BodyBuilder(extents: extents, node: context.node)
    let value = body.load(input, context.dtype(input), axes)
    let store = Store(Access(context.outputs[0], target), value)
    return LoopNest(outer: extents, stages: [Stage(body: body.instructions, stores: [store])])
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    var result = try HostTensor(zeros: context.outputs[0].dtype, context.outputs[0].shape.sizes ?? [])
    let strides = Layout.rowMajor(result.sizes).strides
    var start = 0
    for x in context.inputs {
      let targets = StridedPoints.offsets(x.sizes, strides, base: start * strides[axis])
      for (index, target) in targets.enumerated() { result[linear: target] = x[linear: index] }
      start += x.sizes[axis]
    }
    return [result]
  }
}

extension GraphBuilder {
  /// Joins tensors along an axis.
  public func concat(_ values: [ValueID], axis: Int) throws -> ValueID {
    let rank = values.first.map { shape($0).rank } ?? 0
    return try append(Concat(axis: normalized(axis, rank: rank)), values)[0]
  }
}

extension Concat: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(Concat(axis: axis + 1))
  }
}
