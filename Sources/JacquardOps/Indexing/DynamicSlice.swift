import JacquardCore
import JacquardIR
import JacquardKernels

/// A part of a tensor whose place is known when the graph runs (XLA's DynamicSlice). Operands: x, starts.
public struct DynamicSlice: Operation {
  public static let name = "dynamicSlice"
  public static let doc = OperationDoc(
    "A part of a tensor whose place is known when the graph runs (XLA's DynamicSlice); operands x, starts.",
    formula: "y[i] = x[s + i], s = min(max(starts, 0), dimension - size) along each axis",
    constraints: [
      "c1: \(IndexRules.startsDoc)", "c2: sizes has one entry an axis, none negative or larger than the axis",
    ],
    conventions: ["a start that would leave the tensor is moved to the nearest that does not"])

  public static let samples = [
    OperationSample(DynamicSlice(sizes: [2, 3]), [.uniform("f32[4,7]", -2, 2), .integers("i32[2]", -1, 6)]),
    OperationSample(DynamicSlice(sizes: [3, 2]), [.uniform("f32[3,5]", -2, 2), .integers("i64[2]", 0, 5)]),
    OperationSample(
      DynamicSlice(sizes: [2]), [.integers("i32[6]", -9, 9), .integers("i32[1]", 0, 5)],
      gradient: .none(reason: "integers")),
    OperationSample(
      DynamicSlice(sizes: [0]), [.integers("u8[3]", 0, 9), .integers("i32[1]", 0, 5)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, DynamicSlice(sizes: [2]), ["f32[4]", "f32[1]"]),
    OperationViolation(1, DynamicSlice(sizes: [2]), ["f32[4]", "i32[2]"]),
    OperationViolation(2, DynamicSlice(sizes: [2, 1]), ["f32[4]", "i32[1]"]),
    OperationViolation(2, DynamicSlice(sizes: [5]), ["f32[4]", "i32[1]"]),
    OperationViolation(2, DynamicSlice(sizes: [-1]), ["f32[4]", "i32[1]"]),
  ]

  /// The sizes of the part, one an axis.
  public var sizes: [Dim]

  /// The sizes are checked where types are inferred (c2).
  public init(sizes: [Dim]) { self.sizes = sizes }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (x, starts) = (context.inputs[0], context.inputs[1])
    if !IndexRules.areStarts(starts, rank: x.shape.rank) { throw violated(1, "starts have type \(starts)") }
    if sizes.count != x.shape.rank { throw violated(2, "\(sizes.count) sizes for \(x)") }
    try requireNatural(sizes, 2)
    for (size, dim) in zip(sizes, x.shape.dims) {
      if try dim.minus(size).isCertainlyNegative { throw violated(2, "size \(size) is larger than \(dim)") }
    }
    return [TensorType(x.dtype, Shape(sizes))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let base = try context.builder.fill(0, like: context.inputs[0])
    let whole = try context.builder.dynamicUpdateSlice(base, context.cotangent(), context.inputs[1])
    return .cotangents([.value(whole), .zero])
  }

  public func lower(_ context: LoweringContext) throws {
    let (x, starts) = (context.inputs[0], context.inputs[1])
    context.emitMap(Self.name, to: context.outputs[0]) { body in
      let axes = body.extents.indices.map { IndexExpression.axis($0) }
      let place = context.place(of: axes, from: starts, part: body.extents, of: context.extents(x), &body)
      return body.load(x, context.dtype(x), place)
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (x, sizes) = (context.inputs[0], context.outputs[0].shape.sizes ?? [])
    let base = IndexRules.start(context.inputs[1], part: sizes, of: x.sizes)
    return [
      try x.picking(StridedPoints.offsets(sizes, Layout.rowMajor(x.sizes).strides, base: base), context.outputs[0])
    ]
  }
}

/// Starts of parts of tensors that are known when the graph runs.
extension IndexRules {
  static let startsDoc = "the starts are i32 or i64, one an axis: their shape is [rank]"

  static func areStarts(_ type: TensorType, rank: Int) -> Bool {
    isIndex(type.dtype) && type.shape == Shape([Dim(rank)])
  }

  /// The row-major position at which a part begins, moved so that the part lies inside.
  static func start(_ starts: HostTensor, part: [Int], of whole: [Int]) -> Int {
    zip(whole.indices, Layout.rowMajor(whole).strides).reduce(0) { sum, entry in
      let (axis, stride) = entry
      let start = min(max(starts[linear: axis].asInt, 0), Int64(whole[axis] - part[axis]))
      return sum + Int(start) * stride
    }
  }
}

extension LoweringContext {
  /// The place in a tensor of a point of a part of it.
  func place(
    of axes: [IndexExpression], from starts: BufferID, part: [Int], of whole: [Int], _ body: inout BodyBuilder
  ) -> [IndexExpression] {
    axes.indices.map { axis in
      if part[axis] == whole[axis] { return axes[axis] }
      func constant(_ value: Int) -> Int { body.append(Instruction(.constant(.int(Int64(value))), .i64)) }
      let start = body.cast(body.load(starts, dtype(starts), [IndexExpression(axis)]), .i64)
      let last = constant(whole[axis] - part[axis])
      let inside = body.apply(.minimum, body.apply(.maximum, start, constant(0)), last)
      return IndexExpression(.value(inside)) + axes[axis]
    }
  }
}

extension GraphBuilder {
  /// The part of given sizes that begins at `starts`, a tensor of one index an axis.
  public func dynamicSlice(_ x: ValueID, _ starts: ValueID, sizes: [Dim]) throws -> ValueID {
    try apply(DynamicSlice(sizes: sizes), x, starts)
  }
}

extension DynamicSlice: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, starts) = (context.builder, context.inputs[1])
    if starts.isBatched { return try context.applyInTurn(self) }
    let whole = try builder.startingAtBatch(starts.value)
    return [Batched(try builder.dynamicSlice(context.inputs[0].value, whole, sizes: [context.size] + sizes))]
  }
}

extension GraphBuilder {
  /// Starts for a tensor with a batch as its first axis, all of which is taken.
  func startingAtBatch(_ starts: ValueID) throws -> ValueID {
    try pad(starts, low: [1], high: [0])
  }
}
