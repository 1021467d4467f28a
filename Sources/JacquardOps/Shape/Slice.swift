import JacquardCore
import JacquardIR
import JacquardKernels

/// Every strides-th element from starts up to, not including, limits, along each axis.
public struct Slice: Operation {
  public static let name = "slice"
  public static let doc = OperationDoc(
    "Every strides-th element from starts up to, not including, limits, along each axis.",
    formula: "y[i] = x[starts + i * strides], with ceil((limits - starts) / strides) elements",
    constraints: [
      "c1: starts, limits and strides have one entry an axis",
      "c2: strides lie in 1...2^31",
      "c3: 0 <= start <= limit <= dimension",
      "c4: where a stride is not 1, the number of elements is a polynomial of the symbols",
    ],
    conventions: [
      "bounds over symbols that cannot be decided are accepted and checked once the symbols are bound"
    ])

  public static let samples = [
    OperationSample(Slice(starts: [1, 2], limits: [3, 6], strides: [1, 2]), [.uniform("f32[4,7]", -2, 2)]),
    OperationSample(Slice(starts: [0], limits: [10], strides: [3]), [.uniform("f32[10]", -2, 2)]),
    OperationSample(Slice(starts: [2, 0], limits: [4, 3], strides: [1, 1]), [.uniform("f32[5,3]", -2, 2)]),
    OperationSample(
      Slice(starts: [3], limits: [3], strides: [2]), [.integers("i32[5]", -9, 9)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Slice(starts: [0], limits: [1], strides: [1]), ["f32[2,3]"]),
    OperationViolation(2, Slice(starts: [0], limits: [1], strides: [0]), ["f32[2]"]),
    OperationViolation(3, Slice(starts: [0], limits: [3], strides: [1]), ["f32[2]"]),
    OperationViolation(3, Slice(starts: [2], limits: [1], strides: [1]), ["f32[2]"]),
    OperationViolation(3, Slice(starts: [-1], limits: [1], strides: [1]), ["f32[2]"]),
    OperationViolation(4, Slice(starts: [0], limits: [.symbol("N")], strides: [2]), ["f32[N]"]),
  ]

  /// The first index, one an axis.
  public var starts: [Dim]
  /// The index before which it ends, one an axis.
  public var limits: [Dim]
  /// Distance between the elements taken, one an axis; at least 1.
  public var strides: [Int]

  /// The numbers are checked where types are inferred (c1 to c4).
  public init(starts: [Dim], limits: [Dim], strides: [Int]) {
    self.starts = starts
    self.limits = limits
    self.strides = strides
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let input = context.inputs[0]
    let rank = input.shape.rank
    if starts.count != rank || limits.count != rank || strides.count != rank {
      throw violated(1, "starts, limits and strides must have \(rank) entries each for \(input)")
    }
    var dims: [Dim] = []
    for axis in 0..<rank { dims.append(try extent(axis, of: input.shape[axis])) }
    return [TensorType(input.dtype, Shape(dims))]
  }

  /// The size of one axis of the result.
  private func extent(_ axis: Int, of dim: Dim) throws -> Dim {
    let (start, limit, stride) = (starts[axis], limits[axis], strides[axis])
    if stride < 1 || stride > 1 << 31 { throw violated(2, "stride \(stride) of axis \(axis) is not in 1...2^31") }
    let length = try limit.minus(start)
    let beyond = try dim.minus(limit)
    if start.isCertainlyNegative || length.isCertainlyNegative || beyond.isCertainlyNegative {
      throw violated(3, "\(start)..<\(limit) does not lie in axis \(axis) of size \(dim)")
    }
    if stride == 1 { return length }
    // Rounded up: ceil((stride * q + c) / stride) = q + ceil(c / stride).
    let remainder = length.constant % stride
    let missing = remainder <= 0 ? -remainder : stride - remainder
    if let quotient = try length.plus(Dim(missing)).dividedExactly(by: Dim(stride)) { return quotient }
    let symbols = length.symbols.sorted().joined(separator: ", ")
    throw violated(4, "stride \(stride) of axis \(axis) does not divide \(length); bind \(symbols)")
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    let (operand, result) = (context.type(context.inputs[0]).shape, context.type(g).shape)
    var high: [Dim] = []
    for axis in operand.dims.indices {
      let count = result[axis]
      let covered: Dim = count == 0 ? 0 : try count.minus(1).times(Dim(strides[axis])).plus(1)
      high.append(try operand[axis].minus(starts[axis]).minus(covered))
    }
    let interior = strides.map { $0 - 1 }
    return .cotangents([.value(try context.builder.pad(g, low: starts, high: high, interior: interior, value: 0))])
  }

  public func lower(_ context: LoweringContext) throws {
    let starts = starts.compactMap(\.value)
    context.emitCopy(Self.name, from: context.inputs[0], to: context.outputs[0]) { axes, _ in
      axes.indices.map { axes[$0] * strides[$0] + IndexExpression(starts[$0]) }
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    let own = Layout.rowMajor(x.sizes).strides
    let base = zip(starts.compactMap(\.value), own).reduce(0) { $0 + $1.0 * $1.1 }
    let steps = zip(own, strides).map { $0 &* $1 }
    let offsets = StridedPoints.offsets(context.outputs[0].shape.sizes ?? [], steps, base: base)
    return [try x.picking(offsets, context.outputs[0])]
  }
}

extension GraphBuilder {
  /// A part of a tensor: `starts ..< limits` along each axis, every `strides`-th element (default 1).
  public func slice(
    _ x: ValueID, starts: [Dim], limits: [Dim], strides: [Int]? = nil
  ) throws -> ValueID {
    let strides = strides ?? [Int](repeating: 1, count: starts.count)
    return try apply(Slice(starts: starts, limits: limits, strides: strides), x)
  }

  /// A part of one axis, the others whole.
  public func slice(_ x: ValueID, axis: Int, from start: Dim, to limit: Dim) throws -> ValueID {
    let dims = shape(x).dims
    let axis = normalized(axis, rank: dims.count)
    guard dims.indices.contains(axis) else {
      throw Diagnostic("slice: axis \(axis) is not one of \(dims.count) axes", constraint: "slice.c1")
    }
    var (starts, limits) = ([Dim](repeating: 0, count: dims.count), dims)
    (starts[axis], limits[axis]) = (start, limit)
    return try slice(x, starts: starts, limits: limits)
  }
}

extension Slice: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(
      Slice(starts: [0] + starts, limits: [context.size] + limits, strides: [1] + strides))
  }
}
