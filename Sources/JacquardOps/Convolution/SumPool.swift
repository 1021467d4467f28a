import JacquardCore
import JacquardIR
import JacquardKernels

/// The sum of each window.
public struct SumPool: Operation {
  public static let name = "sumPool"
  public static let doc = OperationDoc(
    "The sum of each window of x [batch, channels, spatial...].",
    formula: "y[n, c, p] = sum over k of x[n, c, (p * stride + k * dilation - low) / inputDilation]",
    constraints: PoolWindows.constraints, conventions: ["outside the input, and between its elements, x is 0"])

  public static let samples = [
    OperationSample(
      SumPool(window: [2, 2], ConvGeometry(rank: 2, strides: [2, 2])), [.uniform("f32[2,3,4,6]", -2, 2)]),
    OperationSample(
      SumPool(window: [3, 2], ConvGeometry(rank: 2, strides: [2, 1], low: [1, 0], high: [1, 1])),
      [.uniform("f32[1,2,5,4]", -2, 2)]),
    OperationSample(SumPool(window: [3], ConvGeometry(rank: 1, dilation: [2])), [.uniform("f32[2,1,9]", -2, 2)]),
    OperationSample(
      SumPool(window: [2], ConvGeometry(rank: 1, low: [1], high: [1], inputDilation: [3])),
      [.uniform("f32[1,2,4]", -2, 2)]),
    OperationSample(
      SumPool(window: [2], ConvGeometry(rank: 1)), [.integers("i32[1,2,5]", -9, 9)], gradient: .none(reason: "integers")
    ),
  ]
  public static let violations = [
    OperationViolation(1, SumPool(window: [2], ConvGeometry(rank: 1)), ["f32[2,3]"]),
    OperationViolation(2, SumPool(window: [2, 2], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
    OperationViolation(2, SumPool(window: [2], ConvGeometry(rank: 1, groups: 2)), ["f32[1,2,4]"]),
    OperationViolation(3, SumPool(window: [2], ConvGeometry(rank: 1)), ["f32[1,2,L]"]),
    OperationViolation(4, SumPool(window: [5], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
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
    let output = try windows.output(windows.input(x, spread: true))
    return [TensorType(x.dtype, Shape(x.shape.dims[..<2] + output.map { Dim($0) }))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (x, y) = (context.type(context.inputs[0]).shape, context.type(context.outputs[0]).shape)
    let back = geometry.transposed(input: try windows.sizes(x), kernel: window, output: try windows.sizes(y))
    return .cotangents([.value(try context.builder.sumPool(context.cotangent(), window: window, back))])
  }

  public func lower(_ context: LoweringContext) throws {
    let output = context.outputs[0]
    if context.extents(output).contains(0) { return }
    let x = context.emitPadded(Self.name, context.inputs[0], geometry, context.dtype(output))
    context.emitWindowSum(windows, to: output) { body, axes, wide in
      body.cast(body.load(x, context.dtype(x), windows.places(axes)), wide)
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    var result = try HostTensor(zeros: x.dtype, context.outputs[0].shape.sizes ?? [])
    var totals = [Scalar](repeating: x.dtype.isFloat ? .float(0) : .int(0), count: result.count)
    windows.pairs(input: x.sizes, output: result.sizes).visit { input, _, place in
      totals[place] = totals[place].adding(x[linear: input], times: .int(1))
    }
    for index in totals.indices { result[linear: index] = totals[index] }
    return [result]
  }
}

extension GraphBuilder {
  /// The sum of each window.
  public func sumPool(_ x: ValueID, window: [Int], _ geometry: ConvGeometry) throws -> ValueID {
    try apply(SumPool(window: window, geometry), x)
  }
}

extension SumPool: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.applyFolded(self)
  }
}
