import JacquardCore
import JacquardIR
import JacquardKernels

/// One element of each window, chosen by its position in the window.
public struct PoolGather: Operation {
  public static let name = "poolGather"
  public static let doc = OperationDoc(
    "One element of each window of x [batch, channels, spatial...], by its position in the window.",
    formula: "y[n, c, p] = x[n, c, p * stride + k * dilation - low] with k = positions[n, c, p]",
    constraints: PoolWindows.constraints + ["c5: positions are integers of the output's shape"],
    conventions: ["0 where the position is no element of the window, or lies in the padding"])

  public static let samples = [
    OperationSample(
      PoolGather(window: [2, 2], ConvGeometry(rank: 2, strides: [2, 2])),
      [.uniform("f32[2,1,4,6]", -2, 2), .integers("u8[2,1,2,3]", 0, 4)]),
    OperationSample(
      PoolGather(window: [3], ConvGeometry(rank: 1, low: [1], high: [1])),
      [.uniform("f32[1,2,4]", -2, 2), .integers("i32[1,2,4]", 0, 3)]),
  ]
  public static let violations = [
    OperationViolation(1, PoolGather(window: [2], ConvGeometry(rank: 1)), ["f32[2,3]", "u8[2,3]"]),
    OperationViolation(2, PoolGather(window: [0], ConvGeometry(rank: 1)), ["f32[1,2,4]", "u8[1,2,4]"]),
    OperationViolation(3, PoolGather(window: [2], ConvGeometry(rank: 1)), ["f32[1,2,L]", "u8[1,2,4]"]),
    OperationViolation(4, PoolGather(window: [5], ConvGeometry(rank: 1)), ["f32[1,2,4]", "u8[1,2,4]"]),
    OperationViolation(5, PoolGather(window: [2], ConvGeometry(rank: 1)), ["f32[1,2,4]", "u8[1,2,4]"]),
    OperationViolation(5, PoolGather(window: [2], ConvGeometry(rank: 1)), ["f32[1,2,4]", "f32[1,2,3]"]),
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
    try requireOperands(2, context)
    let (x, positions) = (context.inputs[0], context.inputs[1])
    let shape = Shape(x.shape.dims.prefix(2) + (try windows.output(windows.input(x))).map { Dim($0) })
    if !positions.dtype.isInteger || positions.shape != shape {
      throw violated(5, "positions have type \(positions), not integers of shape \(shape)")
    }
    return [TensorType(x.dtype, shape)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let input = try windows.sizes(context.type(context.inputs[0]).shape)
    let spread = try context.builder.poolScatter(
      context.cotangent(), context.inputs[1], window: window, input: input, geometry)
    return .cotangents([.value(spread), .zero])
  }

  public func lower(_ context: LoweringContext) throws {
    let (output, positions) = (context.outputs[0], context.inputs[1])
    if context.extents(output).contains(0) { return }
    let x = context.emitPadded(Self.name, context.inputs[0], geometry, context.dtype(output))
    let (windows, rank) = (windows, context.extents(output).count)
    context.emitWindowSum(windows, to: output) { body, axes, wide in
      let place = body.cast(body.load(positions, context.dtype(positions), Array(axes.prefix(rank))), .i64)
      let hit = body.apply(.equal, place, body.index(windows.position(axes[rank...]), .i64))
      let value = body.cast(body.load(x, context.dtype(x), windows.places(axes)), wide)
      return body.apply(.select, hit, value, body.constant(0, wide))
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (x, positions) = (context.inputs[0], context.inputs[1])
    var result = try HostTensor(zeros: x.dtype, context.outputs[0].shape.sizes ?? [])
    windows.pairs(input: x.sizes, output: result.sizes).visit { input, kernel, place in
      if positions[linear: place].asInt == kernel { result[linear: place] = x[linear: input] }
    }
    return [result]
  }
}

extension GraphBuilder {
  /// One element of each window, by its position in the window.
  public func poolGather(
    _ x: ValueID, _ positions: ValueID, window: [Int], _ geometry: ConvGeometry
  ) throws -> ValueID {
    try apply(PoolGather(window: window, geometry), x, positions)
  }
}

extension PoolGather: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.applyFolded(self)
  }
}
