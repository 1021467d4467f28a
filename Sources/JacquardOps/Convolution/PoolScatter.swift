import JacquardCore
import JacquardIR
import JacquardKernels

/// Puts one value a window back to where it came from: the gradient of a maximum over windows.
public struct PoolScatter: Operation {
  public static let name = "poolScatter"
  public static let doc = OperationDoc(
    "Adds one value a window [batch, channels, spatial...] to the window's element at a position; the rest is 0.",
    formula: "y[n, c, p * stride + k * dilation - low] += g[n, c, p] with k = positions[n, c, p]",
    constraints: PoolWindows.constraints + [
      "c5: positions are integers of the values' shape", "c6: the values have the shape that pooling the input gives",
    ],
    conventions: ["sums run over the window's elements in order", "what falls into the padding is left out"])

  public static let samples = [
    OperationSample(
      PoolScatter(window: [2, 2], input: [4, 7], ConvGeometry(rank: 2, strides: [2, 2])),
      [.uniform("f32[2,1,2,3]", -2, 2), .integers("u8[2,1,2,3]", 0, 4)]),
    OperationSample(
      PoolScatter(window: [3], input: [6], ConvGeometry(rank: 1, strides: [2], low: [1], high: [1])),
      [.uniform("f32[1,2,3]", -2, 2), .integers("u8[1,2,3]", 0, 3)]),
    OperationSample(
      PoolScatter(window: [2, 3], input: [4, 6], ConvGeometry(rank: 2, dilation: [2, 1])),
      [.uniform("f32[1,1,2,4]", -2, 2), .integers("i32[1,1,2,4]", 0, 6)]),
  ]
  public static let violations = [
    OperationViolation(1, PoolScatter(window: [2], input: [4], ConvGeometry(rank: 1)), ["f32[2,3]", "u8[2,3]"]),
    OperationViolation(2, PoolScatter(window: [0], input: [4], ConvGeometry(rank: 1)), ["f32[1,2,3]", "u8[1,2,3]"]),
    OperationViolation(3, PoolScatter(window: [2], input: [4], ConvGeometry(rank: 1)), ["f32[1,2,L]", "u8[1,2,L]"]),
    OperationViolation(4, PoolScatter(window: [5], input: [4], ConvGeometry(rank: 1)), ["f32[1,2,3]", "u8[1,2,3]"]),
    OperationViolation(5, PoolScatter(window: [2], input: [4], ConvGeometry(rank: 1)), ["f32[1,2,3]", "u8[1,2,2]"]),
    OperationViolation(6, PoolScatter(window: [2], input: [5], ConvGeometry(rank: 1)), ["f32[1,2,3]", "u8[1,2,3]"]),
  ]

  /// Elements of a window along each spatial axis.
  public var window: [Int]
  /// Spatial sizes of the result.
  public var input: [Int]
  /// How the windows lie on the input that was pooled.
  public var geometry: ConvGeometry

  /// Windows are checked where types are inferred (c2).
  public init(window: [Int], input: [Int], _ geometry: ConvGeometry) {
    self.window = window
    self.input = input
    self.geometry = geometry
  }

  private var windows: PoolWindows {
    PoolWindows(name: Self.name, window: window, geometry: geometry) { violated($0, $1) }
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (g, positions) = (context.inputs[0], context.inputs[1])
    let output = try windows.input(g)
    if input.count != window.count || !input.allSatisfy({ (0..<1 << 31).contains($0) }) {
      throw violated(2, "input \(input) does not have \(window.count) sizes")
    }
    let wanted = try windows.output(input)
    if !positions.dtype.isInteger || positions.shape != g.shape {
      throw violated(5, "positions have type \(positions), not integers of shape \(g.shape)")
    }
    if wanted != output { throw violated(6, "the values have sizes \(output); pooling \(input) gives \(wanted)") }
    return [TensorType(g.dtype, Shape(g.shape.dims.prefix(2) + input.map { Dim($0) }))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let picked = try context.builder.poolGather(context.cotangent(), context.inputs[1], window: window, geometry)
    return .cotangents([.value(picked), .zero])
  }

  public func lower(_ context: LoweringContext) throws {
    let output = context.outputs[0]
    if context.extents(output).contains(0) { return }
    if context.extents(context.inputs[0]).contains(0) { return context.emitFill(Self.name, .int(0), to: output) }
    let isPlain =
      geometry.strides == window && window.product <= PoolScatter.mostStores
      && geometry.dilation.allSatisfy { $0 == 1 } && geometry.low.allSatisfy { $0 == 0 }
    if isPlain { emitPlain(context) } else { emitGeneral(context) }
  }

  /// More elements of a window are not written out one by one.
  private static let mostStores = 25

  /// Windows side by side: each point of the output writes its window's elements, and what no window covers is 0.
  private func emitPlain(_ context: LoweringContext) {
    let (g, positions, output) = (context.inputs[0], context.inputs[1], context.outputs[0])
    let (extents, whole) = (context.extents(g), context.extents(output))
    var body = BodyBuilder(extents: extents, node: context.node)
    let axes = extents.indices.map { IndexExpression.axis($0) }
    let value = body.load(g, context.dtype(g), axes)
    let zero = body.constant(0, context.dtype(g))
    let place = body.load(positions, context.dtype(positions), axes)
    let elements = StridedPoints.indices(window)
    let stores = elements.enumerated().map { number, element in
      let hit = body.apply(.equal, place, body.constant(Double(number), context.dtype(positions)))
      let target = axes.indices.map { axis in
        axis < 2 ? axes[axis] : axes[axis] * window[axis - 2] + IndexExpression(element[axis - 2])
      }
      return Store(Access(output, target), body.apply(.select, hit, value, zero))
    }
    let covered = whole.indices.map { $0 < 2 ? whole[$0] : extents[$0] * window[$0 - 2] }
    let border = context.borders(of: output, start: whole.map { _ in 0 }, length: covered, .int(0))
    let nest = LoopNest(outer: extents, stages: [Stage(body: body.instructions, stores: stores)])
    context.emit(Self.name, .loops([nest] + border))
  }

  /// Each element looks through the windows that it may belong to.
  private func emitGeneral(_ context: LoweringContext) {
    let (g, positions, rank) = (context.inputs[0], context.inputs[1], window.count)
    context.emitWindowSum(windows, to: context.outputs[0]) { body, axes, wide in
      let space = body.extents
      var place = Array(axes.prefix(2))
      var hits: [Int] = []
      for axis in 0..<rank {
        let numerator =
          axes[2 + axis] + IndexExpression(geometry.low[axis]) - axes[2 + rank + axis] * geometry.dilation[axis]
        place.append(numerator.floorDiv(geometry.strides[axis], in: space))
        let rest = numerator.remainder(geometry.strides[axis], in: space)
        if rest != IndexExpression(0) {
          hits.append(body.apply(.equal, body.index(rest, .i64), body.append(Instruction(.constant(.int(0)), .i64))))
        }
      }
      let zero = Scalar.int(0)
      let wanted = body.cast(body.load(positions, context.dtype(positions), place, fill: zero), .i64)
      hits.append(body.apply(.equal, wanted, body.index(windows.position(axes[(2 + rank)...]), .i64)))
      let value = body.cast(body.load(g, context.dtype(g), place, fill: zero.converted(to: context.dtype(g))), wide)
      let hit = hits.dropFirst().reduce(hits[0]) { body.apply(.logicalAnd, $0, $1) }
      return body.apply(.select, hit, value, body.constant(0, wide))
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (g, positions) = (context.inputs[0], context.inputs[1])
    var result = try HostTensor(zeros: g.dtype, context.outputs[0].shape.sizes ?? [])
    var totals = (0..<result.count).map { _ in Scalar.float(0) }
    if !g.dtype.isFloat { totals = totals.map { _ in .int(0) } }
    windows.pairs(input: result.sizes, output: g.sizes).visit { input, kernel, place in
      if positions[linear: place].asInt == kernel {
        totals[input] = totals[input].adding(g[linear: place], times: .int(1))
      }
    }
    for index in totals.indices { result[linear: index] = totals[index] }
    return [result]
  }
}

extension GraphBuilder {
  /// Adds one value a window to the window's element at a position.
  ///
  /// - Parameter input: the spatial sizes of the result.
  public func poolScatter(
    _ g: ValueID, _ positions: ValueID, window: [Int], input: [Int], _ geometry: ConvGeometry
  ) throws -> ValueID {
    try apply(PoolScatter(window: window, input: input, geometry), g, positions)
  }
}

extension PoolScatter: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.applyFolded(self)
  }
}
