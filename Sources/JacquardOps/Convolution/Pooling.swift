import JacquardCore
import JacquardIR
import JacquardKernels

/// The windows of a pooling operation: their size, and how they lie.
struct PoolWindows {
  let name: String
  let window: [Int]
  let geometry: ConvGeometry
  let violated: (Int, String) -> Diagnostic

  static let constraints = [
    "c1: the operand is numeric, with 3 to 5 axes: batch, channels, 1 to 3 spatial axes",
    "c2: window and geometry have one entry a spatial axis, windows, strides and dilations are positive and under 2^24, groups is 1",
    "c3: spatial sizes are numbers: bind their symbols", "c4: the window fits into the padded input",
  ]

  private var rank: Int { window.count }

  /// Checks the operand, and gives its spatial sizes.
  func input(_ x: TensorType, spread: Bool = false) throws -> [Int] {
    guard x.dtype.isNumeric, (3...5).contains(x.shape.rank) else {
      throw violated(1, "not defined for \(x): it needs batch, channels and 1 to 3 spatial axes")
    }
    let sized = window.count == x.shape.rank - 2 && window.allSatisfy { (1..<1 << 24).contains($0) }
    guard sized, geometry.isWellFormed(rank), geometry.groups == 1,
      spread || geometry.inputDilation.allSatisfy({ $0 == 1 })
    else { throw violated(2, "window \(window) and geometry \(geometry) are impossible for \(x)") }
    return try sizes(x.shape)
  }

  func sizes(_ shape: Shape) throws -> [Int] {
    try shape.dims.dropFirst(2).map { dim in
      guard let value = dim.value, value < 1 << 31 else {
        throw violated(3, "axis '\(dim)' of \(shape) is not a number under 2^31: bind it")
      }
      return value
    }
  }

  /// Spatial sizes of the output.
  func output(_ input: [Int]) throws -> [Int] {
    try input.indices.map { axis in
      guard let size = geometry.output(axis, input: input[axis], kernel: window[axis]) else {
        throw violated(4, "a window of \(window[axis]) does not fit axis \(axis) of \(input[axis]) elements")
      }
      return size
    }
  }

  /// The type that holds a position in a window.
  var positionType: DType { window.product <= 256 ? .u8 : .i32 }

  /// Which elements of input, window and output meet.
  func pairs(input: [Int], output: [Int]) -> ConvReference {
    let planes = input[0] * input[1]
    return ConvReference(
      geometry,
      ConvSizes(
        geometry, x: [planes] + input.dropFirst(1), weight: [1, 1] + window, y: [planes, 1] + output.dropFirst(2)))
  }

  // MARK: Lowering

  /// The input's indices at an output point (axes 0...) and a window element (the axes after them).
  func places(_ axes: [IndexExpression]) -> [IndexExpression] {
    Array(axes[..<2])
      + (0..<rank).map { axes[2 + $0] * geometry.strides[$0] + axes[2 + rank + $0] * geometry.dilation[$0] }
  }

  /// The number of a window element, from its axes.
  func position(_ axes: ArraySlice<IndexExpression>) -> IndexExpression { .linear(Array(axes), in: window) }

  /// A stage over the window's elements for each point of an outer space, in order.
  func nest(_ outer: [Int], _ body: BodyBuilder, _ reduction: Reduction, finish: Stage) -> LoopNest {
    let stage = Stage(inner: window, body: body.instructions, reductions: [reduction])
    return LoopNest(outer: outer, stages: [stage, finish], order: .sequential)
  }
}

extension LoweringContext {
  /// A stage that stores a row value, in the type of the buffer.
  func storing(_ row: Int, _ dtype: DType, to output: BufferID) -> (instructions: [Instruction], store: Store) {
    let extents = extents(output)
    var body = BodyBuilder(extents: extents, node: node)
    let value = body.cast(body.append(Instruction(.rowValue(row), dtype)), self.dtype(output))
    return (body.instructions, Store(Access(output, extents.indices.map { .axis($0) }), value))
  }

  /// Emits the sum over the window's elements of a value, at each point of a result.
  func emitWindowSum(
    _ windows: PoolWindows, to output: BufferID,
    _ value: (inout BodyBuilder, _ axes: [IndexExpression], _ dtype: DType) -> Int
  ) {
    let (outer, wide) = (extents(output), dtype(output).computeType)
    var body = BodyBuilder(extents: outer + windows.window, node: node)
    let term = value(&body, body.extents.indices.map { .axis($0) }, wide)
    let (last, store) = storing(0, wide, to: output)
    let nest = windows.nest(
      outer, body, Reduction(.sum, body.cast(term, wide), wide), finish: Stage(body: last, stores: [store]))
    emit(windows.name, .loops([nest]))
  }
}
