import JacquardCore
import JacquardIR
import JacquardKernels

/// The largest element of each window, and where in the window it stands.
public struct MaxPool: Operation {
  public static let name = "maxPool"
  public static let doc = OperationDoc(
    "The largest element of each window of x [batch, channels, spatial...], and its position in the window.",
    formula: "y[n, c, p] = max over k of x[n, c, p * stride + k * dilation - low]",
    constraints: PoolWindows.constraints,
    conventions: [
      "positions count the window's elements in row-major order: u8 for up to 256 of them, else i32",
      "of equal elements the first counts, and gets the whole cotangent", "NaN if the window has one",
      "padding counts as the lowest value, and gets no cotangent",
    ])

  public static let samples = [
    OperationSample(
      MaxPool(window: [2, 2], ConvGeometry(rank: 2, strides: [2, 2])), [.distinct("f32[2,3,4,6]")],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      MaxPool(window: [3, 2], ConvGeometry(rank: 2, strides: [2, 1], low: [1, 0], high: [1, 1])),
      [.distinct("f32[1,2,5,4]")], gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      MaxPool(window: [3], ConvGeometry(rank: 1, dilation: [2])), [.distinct("f32[2,1,9]")],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      MaxPool(window: [2, 1, 2], ConvGeometry(rank: 3, strides: [2, 1, 2])), [.distinct("f32[1,2,4,3,5]")],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      MaxPool(window: [17, 16], ConvGeometry(rank: 2)), [.distinct("f32[1,1,18,17]")],
      gradient: .firstOrder(reason: "piecewise linear")),
    OperationSample(
      MaxPool(window: [2], ConvGeometry(rank: 1)), [.integers("i32[1,2,5]", -9, 9)], gradient: .none(reason: "integers")
    ),
  ]
  public static let violations = [
    OperationViolation(1, MaxPool(window: [2], ConvGeometry(rank: 1)), ["f32[2,3]"]),
    OperationViolation(1, MaxPool(window: [2], ConvGeometry(rank: 1)), ["bool[2,3,4]"]),
    OperationViolation(2, MaxPool(window: [2, 2], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
    OperationViolation(2, MaxPool(window: [0], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
    OperationViolation(2, MaxPool(window: [2], ConvGeometry(rank: 1, inputDilation: [2])), ["f32[1,2,4]"]),
    OperationViolation(3, MaxPool(window: [2], ConvGeometry(rank: 1)), ["f32[1,2,L]"]),
    OperationViolation(4, MaxPool(window: [5], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
  ]

  /// Elements of a window along each spatial axis.
  public var window: [Int]
  /// How the windows lie on the input.
  public var geometry: ConvGeometry

  /// Windows are checked where types are inferred (c2).
  public init(window: [Int], _ geometry: ConvGeometry) {
    self.window = window
    self.geometry = geometry
  }

  private var windows: PoolWindows {
    PoolWindows(name: Self.name, window: window, geometry: geometry) { violated($0, $1) }
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    let output = try windows.output(windows.input(x))
    let shape = Shape(x.shape.dims[..<2] + output.map { Dim($0) })
    return [TensorType(x.dtype, shape), TensorType(windows.positionType, shape)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let input = try windows.sizes(context.type(context.inputs[0]).shape)
    let spread = try context.builder.poolScatter(
      context.cotangent(), context.outputs[1], window: window, input: input, geometry)
    return .cotangents([.value(spread)])
  }

  public func lower(_ context: LoweringContext) throws {
    let (values, positions) = (context.outputs[0], context.outputs[1])
    let outer = context.extents(values)
    if outer.contains(0) { return }
    let dtype = context.dtype(values)
    let lowest = Combiner.maximum.identity(dtype)
    let x = context.emitPadded(Self.name, context.inputs[0], geometry, dtype, fill: lowest)
    var body = BodyBuilder(extents: outer + window, node: context.node)
    let axes = body.extents.indices.map { IndexExpression.axis($0) }
    let value = body.cast(body.load(x, dtype, windows.places(axes)), dtype.computeType)
    var last = BodyBuilder(extents: outer, node: context.node)
    let largest = last.cast(last.append(Instruction(.rowValue(0), dtype.computeType)), dtype)
    let place = last.cast(last.append(Instruction(.rowValue(1), .i64)), context.dtype(positions))
    let points = Array(axes.prefix(outer.count))
    let stores = [Store(Access(values, points), largest), Store(Access(positions, points), place)]
    let nest = windows.nest(
      outer, body, Reduction(.argmax, value, dtype.computeType), finish: Stage(body: last.instructions, stores: stores))
    context.emit(Self.name, .loops([nest]))
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    let sizes = context.outputs[0].shape.sizes ?? []
    var groups = [[(place: Int, value: Scalar)]](repeating: [], count: sizes.product)
    windows.pairs(input: x.sizes, output: sizes).visit { input, kernel, place in
      groups[place].append((kernel, x[linear: input]))
    }
    let padding = geometry.low.contains { $0 > 0 } || geometry.high.contains { $0 > 0 }
    let lowest = Combiner.maximum.identity(x.dtype)
    let best = groups.map { group -> (place: Int, value: Scalar) in
      var all = group
      if padding {
        let present = Set(group.map(\.place))
        all += (0..<window.product).filter { !present.contains($0) }.map { ($0, lowest) }
        all.sort { $0.place < $1.place }
      }
      return Extreme.position(all.map(\.value), largest: true).map { all[$0] } ?? (0, lowest)
    }
    return [
      try HostTensor(x.dtype, sizes, best.map(\.value)),
      try HostTensor(windows.positionType, sizes, best.map { .int(Int64($0.place)) }),
    ]
  }
}

extension GraphBuilder {
  /// The largest element of each window, and its position in the window.
  public func maxPool(
    _ x: ValueID, window: [Int], _ geometry: ConvGeometry
  ) throws -> (values: ValueID, positions: ValueID) {
    let results = try append(MaxPool(window: window, geometry), [x])
    return (results[0], results[1])
  }
}

extension MaxPool: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.applyFolded(self)
  }
}
