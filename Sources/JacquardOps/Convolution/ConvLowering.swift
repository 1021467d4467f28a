import JacquardCore
import JacquardIR
import JacquardKernels

/// Emits a convolution as a matrix product whose right operand is the windows of the padded input: for f32 read where they
/// lie, for other types copied out first. The same for the gradient of the kernel, with the cotangent on the left.
struct ConvLowering {
  let context: LoweringContext
  let geometry: ConvGeometry
  let sizes: ConvSizes
  let isWeightGradient: Bool

  /// Lowers a convolution, or with a kernel size the gradient of its kernel.
  init(_ geometry: ConvGeometry, _ context: LoweringContext, kernel: [Int]? = nil) {
    self.context = context
    self.geometry = geometry
    isWeightGradient = kernel != nil
    let (x, other) = (context.extents(context.inputs[0]), context.extents(context.inputs[1]))
    let output = context.extents(context.outputs[0])
    sizes =
      isWeightGradient
      ? ConvSizes(geometry, x: x, weight: output, y: other) : ConvSizes(geometry, x: x, weight: other, y: output)
  }

  private var name: String { isWeightGradient ? ConvWeightGradient.name : Conv.name }
  private var output: BufferID { context.outputs[0] }
  /// What products are summed in.
  private var dtype: DType { Tiling.Provider.type(for: context.dtype(output)) }
  private var points: Int { sizes.output.product }

  func emit() {
    if context.extents(output).contains(0) { return }
    let empty = (context.inputs.map { context.extents($0) }).contains { $0.contains(0) }
    if empty { return context.emitFill(name, .int(0), to: output) }
    let x = context.emitPadded(name, context.inputs[0], geometry, dtype)
    let other = context.emitConverted(name, context.inputs[1], dtype)
    if isWeightGradient { emitWeightGradient(x, other) } else { emitForward(x, weight: other) }
  }

  // MARK: Forward

  private func emitForward(_ x: BufferID, weight: BufferID) {
    let (outputs, depth) = (sizes.outputs, sizes.depth)
    let lhs = MatrixOperand(weight, batchStrides: [0, outputs * depth], rowStride: depth, columnStride: 1)
    let windows = WindowSpace(
      batch: [sizes.batch, sizes.groups], rows: [sizes.inputs] + sizes.kernel, columns: sizes.output)
    let rhs = right(windows, x) { axes in
      [axes.batch[0], axes.batch[1] * sizes.inputs + axes.rows[0]] + meeting(axes.rows.dropFirst(), axes.columns[...])
    }
    emit(windows.batch, m: outputs, n: points, k: depth, lhs, rhs) { axes, space in
      let spatial = axes[3].unflattened(to: sizes.output, in: space)
      return Access(output, [axes[0], axes[1] * outputs + axes[2]] + spatial)
    }
  }

  // MARK: Gradient of the kernel

  /// The batch is cut into parts, whose sums are added in order.
  private func emitWeightGradient(_ x: BufferID, _ g: BufferID) {
    let fillsVectors = sizes.outputs % MatrixOperand.vector == 0 && points > 1
    if dtype == .f32 && fillsVectors { return emitTurnedWeightGradient(x, g) }
    let (outputs, depth) = (sizes.outputs, sizes.depth)
    let parts = chosenParts()
    let length = sizes.batch / parts
    let sample = sizes.groups * outputs * points
    var lhs = MatrixOperand(
      g, batchStrides: [length * sample, outputs * points], rowStride: points, columnStride: 1)
    if length > 1 { lhs.terms = AxisGroup([length], [sample]) }
    let windows = WindowSpace(
      batch: [parts, sizes.groups], rows: [length] + sizes.output, columns: [sizes.inputs] + sizes.kernel)
    let rhs = right(windows, x) { axes in
      [axes.batch[0] * length + axes.rows[0], axes.batch[1] * sizes.inputs + axes.columns[0]]
        + meeting(axes.columns.dropFirst(), axes.rows.dropFirst())
    }
    if rhs.windows == nil { lhs = copied(lhs, g, windows, length) }
    let k = length * points
    if parts == 1 {
      emit(windows.batch, m: outputs, n: depth, k: k, lhs, rhs) { axes, space in
        Access(output, [axes[1] * outputs + axes[2]] + axes[3].unflattened(to: windows.columns, in: space))
      }
    } else {
      let partial = context.temporary(dtype, [parts, sizes.groups * outputs, depth])
      emit(windows.batch, m: outputs, n: depth, k: k, lhs, rhs) { axes, _ in
        Access(partial, [axes[0], axes[1] * outputs + axes[2], axes[3]])
      }
      emitSum(parts) { part, channel, place, _ in Access(partial, [part, channel, place]) }
    }
  }

  /// The same with rows and columns exchanged: windows on the left are read where they lie, and the cotangent is copied once for
  /// all of them.
  private func emitTurnedWeightGradient(_ x: BufferID, _ g: BufferID) {
    let (outputs, depth, groups) = (sizes.outputs, sizes.depth, sizes.groups)
    let tiling = Tiling(provider: .blocks, rows: min(depth, 256), columns: min(outputs, 64))
    let parts = parts(tiling, m: depth, n: outputs)
    let length = sizes.batch / parts
    let sample = groups * outputs * points
    let windows = WindowSpace(
      batch: [parts, groups], rows: [sizes.inputs] + sizes.kernel, columns: [length] + sizes.output)
    let axes = windows.axes
    let place =
      [axes.batch[0] * length + axes.columns[0], axes.batch[1] * sizes.inputs + axes.rows[0]]
      + meeting(axes.rows.dropFirst(), axes.columns.dropFirst())
    let lhs = MatrixOperand(x, windows, windows.strides(of: position(of: place, in: x)))
    var rhs = MatrixOperand(g, batchStrides: [length * sample, outputs * points], rowStride: 1, columnStride: points)
    if length > 1 { rhs.terms = AxisGroup([length], [sample]) }
    let k = length * points
    if parts == 1 {
      emit(windows.batch, m: depth, n: outputs, k: k, lhs, rhs, tiling) { axes, space in
        Access(output, [axes[1] * outputs + axes[3]] + axes[2].unflattened(to: windows.rows, in: space))
      }
    } else {
      let partial = context.temporary(dtype, [parts, groups, depth, outputs])
      emit(windows.batch, m: depth, n: outputs, k: k, lhs, rhs, tiling) { axes, _ in Access(partial, axes) }
      emitSum(parts) { part, channel, place, space in
        Access(partial, [part, channel.floorDiv(outputs, in: space), place, channel.remainder(outputs, in: space)])
      }
    }
  }

  private func chosenParts() -> Int {
    let tiling = tiling(1, m: sizes.outputs, n: sizes.depth, k: points)
    return parts(tiling, m: sizes.outputs, n: sizes.depth)
  }

  /// As many parts as give 16 tiles to deal, of equal length, while all of them take at most 2^22 elements.
  private func parts(_ tiling: Tiling, m: Int, n: Int) -> Int {
    func count(_ extent: Int, _ tile: Int) -> Int { (extent - 1) / tile + 1 }
    let tiles = sizes.groups * count(m, tiling.rows) * count(n, tiling.columns)
    let result = sizes.groups * sizes.outputs * sizes.depth
    let most = min(max(1, 16 / tiles), max(1, 1 << 22 / result))
    return (1...most).last { sizes.batch % $0 == 0 } ?? 1
  }

  /// The cotangent in the order of its matrix: for products that take no terms apart.
  private func copied(_ lhs: MatrixOperand, _ g: BufferID, _ windows: WindowSpace, _ length: Int) -> MatrixOperand {
    let (outputs, k) = (sizes.outputs, length * points)
    let packed = context.temporary(dtype, [windows.batch[0], sizes.groups, outputs, k])
    context.emitCopy(name, from: g, to: packed) { axes, space in
      let place = axes[3].unflattened(to: [length] + sizes.output, in: space)
      return [axes[0] * length + place[0], axes[1] * outputs + axes[2]] + place.dropFirst()
    }
    return MatrixOperand(
      packed, batchStrides: [sizes.groups * outputs * k, outputs * k], rowStride: k, columnStride: 1)
  }

  /// - Parameter partial: where the part of an element lies: its number, the output channel, the place in that channel's kernel.
  private func emitSum(
    _ parts: Int,
    _ partial: (_ part: IndexExpression, _ channel: IndexExpression, _ place: IndexExpression, _ space: [Int]) -> Access
  ) {
    let outer = context.extents(output)
    let axes = outer.indices.map { IndexExpression.axis($0) }
    let place = IndexExpression.linear(Array(axes.dropFirst()), in: Array(outer.dropFirst()))
    let load = Instruction(.load(partial(.axis(outer.count), axes[0], place, outer + [parts])), dtype)
    let combine = Stage(inner: [parts], body: [load], reductions: [Reduction(.sum, 0, dtype)])
    var finish = BodyBuilder(extents: outer, node: context.node)
    let total = finish.cast(finish.append(Instruction(.rowValue(0), dtype)), context.dtype(output))
    let last = Stage(body: finish.instructions, stores: [Store(Access(output, axes), total)])
    context.emit(name, .loops([LoopNest(outer: outer, stages: [combine, last], order: .sequential)]))
  }

  // MARK: Operands and products

  /// The spatial indices at which elements of kernel and output meet.
  private func meeting(_ kernel: ArraySlice<IndexExpression>, _ output: ArraySlice<IndexExpression>)
    -> [IndexExpression]
  {
    zip(kernel, output).enumerated().map { axis, pair in
      pair.0 * geometry.dilation[axis] + pair.1 * geometry.strides[axis]
    }
  }

  private func position(of place: [IndexExpression], in x: BufferID) -> IndexExpression {
    let strides = Layout.rowMajor(context.extents(x)).strides
    return zip(place, strides).reduce(IndexExpression(0)) { $0 + $1.0 * $1.1 }
  }

  /// The right operand: the windows where they lie, or a copy of them for types whose products need a matrix.
  private func right(
    _ space: WindowSpace, _ x: BufferID, _ place: (WindowSpace.Axes) -> [IndexExpression]
  ) -> MatrixOperand {
    let all = space.strides(of: position(of: place(space.axes), in: x))
    if dtype == .f32 {
      let operand = MatrixOperand(x, space, all)
      if let windows = operand.windows, let row = windows.rows.stride, windows.columns.stride == 1,
        row >= windows.columns.count
      {
        return MatrixOperand(x, batchStrides: all.batch, rowStride: row, columnStride: 1)
      }
      return operand
    }
    let (k, n) = (space.rows.product, space.columns.product)
    let copy = context.temporary(dtype, space.batch + [k, n])
    context.emitCopy(name, from: x, to: copy) { axes, extents in
      let rows = axes[2].unflattened(to: space.rows, in: extents)
      let columns = axes[3].unflattened(to: space.columns, in: extents)
      return place(WindowSpace.Axes(batch: Array(axes.prefix(2)), rows: rows, columns: columns))
    }
    return MatrixOperand(copy, batchStrides: [space.batch[1] * k * n, k * n], rowStride: n, columnStride: 1)
  }

  private func tiling(_ batch: Int, m: Int, n: Int, k: Int) -> Tiling {
    Tiling.choose(batch: batch, m: m, n: n, k: k, dtype: dtype, isRightTransposed: true)
  }

  private func emit(
    _ batch: [Int], m: Int, n: Int, k: Int, _ lhs: MatrixOperand, _ rhs: MatrixOperand, _ tiling: Tiling? = nil,
    to target: (_ axes: [IndexExpression], _ space: [Int]) -> Access
  ) {
    // Axes of one element would stand in the way of what is computed on the tiles.
    let kept = batch.indices.filter { batch[$0] != 1 }
    let space = kept.map { batch[$0] } + [m, n]
    let axes = batch.indices.map { kept.firstIndex(of: $0).map { .axis($0) } ?? IndexExpression(0) }
    let access = target(axes + [.axis(kept.count), .axis(kept.count + 1)], space)
    var (lhs, rhs) = (lhs, rhs)
    (lhs.batchStrides, rhs.batchStrides) = (kept.map { lhs.batchStrides[$0] }, kept.map { rhs.batchStrides[$0] })
    var epilogue = BodyBuilder(extents: space, node: context.node)
    let sum = epilogue.append(Instruction(.accumulator, dtype))
    let value = epilogue.cast(sum, context.dtype(access.buffer))
    var product = Contraction(
      batch: kept.map { batch[$0] }, m: m, n: n, k: k, dtype: dtype, lhs: lhs, rhs: rhs,
      tiling: tiling ?? self.tiling(batch.product, m: m, n: n, k: k), epilogue: epilogue.instructions,
      stores: [Store(access, value)])
    if let tiling = Tiling.winograd(product) { product.tiling = tiling }
    context.emit(name, .contraction(product))
  }
}

/// The axes of a product's right operand that is made of windows.
struct WindowSpace {
  /// Two axes: batch or its parts, groups.
  let batch: [Int]
  let rows: [Int]
  let columns: [Int]

  struct Axes {
    let batch: [IndexExpression]
    let rows: [IndexExpression]
    let columns: [IndexExpression]
  }

  /// Numbered in the order batch, rows, columns.
  var axes: Axes {
    func numbered(_ count: Int, from first: Int) -> [IndexExpression] { (first..<first + count).map { .axis($0) } }
    return Axes(
      batch: numbered(2, from: 0), rows: numbered(rows.count, from: 2),
      columns: numbered(columns.count, from: 2 + rows.count))
  }

  /// By how much an affine position grows with each axis.
  func strides(of position: IndexExpression) -> (batch: [Int], rows: [Int], columns: [Int]) {
    let all = (0..<2 + rows.count + columns.count).map { position.coefficient(ofAxis: $0) }
    return (Array(all[..<2]), Array(all[2..<2 + rows.count]), Array(all[(2 + rows.count)...]))
  }
}

extension MatrixOperand {
  /// Windows whose strides are known.
  fileprivate init(_ x: BufferID, _ space: WindowSpace, _ strides: (batch: [Int], rows: [Int], columns: [Int])) {
    let windows = Windows(rows: AxisGroup(space.rows, strides.rows), columns: AxisGroup(space.columns, strides.columns))
    self.init(x, batchStrides: strides.batch, windows: windows)
  }
}

extension LoweringContext {
  /// A buffer's elements in another type, if they have not got it.
  func emitConverted(_ name: String, _ input: BufferID, _ dtype: DType) -> BufferID {
    if self.dtype(input) == dtype { return input }
    let result = temporary(dtype, extents(input))
    emitCopy(name, from: input, to: result) { axes, _ in axes }
    return result
  }

  /// The input of a convolution with its padding around it and its elements spread apart, in a type.
  func emitPadded(
    _ name: String, _ input: BufferID, _ geometry: ConvGeometry, _ dtype: DType, fill: Scalar = .int(0)
  ) -> BufferID {
    let given = extents(input)
    let sizes = (0..<geometry.rank).map { geometry.padded($0, given[$0 + 2]) }
    let isPlain = (geometry.low + geometry.high).allSatisfy { $0 == 0 } && geometry.inputDilation.allSatisfy { $0 == 1 }
    if isPlain { return emitConverted(name, input, dtype) }
    let result = temporary(dtype, given.prefix(2) + sizes)
    if geometry.inputDilation.allSatisfy({ $0 == 1 }) {
      emitBordered(name, input, to: result, low: [0, 0] + geometry.low, high: [0, 0] + geometry.high, fill)
    } else {
      emitSpread(name, input, to: result, geometry)
    }
    return result
  }

  /// Copies an array into the middle of a larger one, and writes a value around it; negative margins cut elements off.
  private func emitBordered(
    _ name: String, _ input: BufferID, to output: BufferID, low: [Int], high: [Int], _ fill: Scalar
  ) {
    let given = extents(input)
    let start = low.map { max($0, 0) }
    let length = given.indices.map { max(0, given[$0] + min(low[$0], 0) + min(high[$0], 0)) }
    var nests = borders(of: output, start: start, length: length, fill)
    if !length.contains(0) {
      var body = BodyBuilder(extents: length, node: node)
      let axes = length.indices.map { IndexExpression.axis($0) }
      let value = body.load(input, dtype(input), axes.indices.map { axes[$0] + IndexExpression(max(-low[$0], 0)) })
      let store = Store(
        Access(output, axes.indices.map { axes[$0] + IndexExpression(start[$0]) }), body.cast(value, dtype(output)))
      nests.insert(LoopNest(outer: length, stages: [Stage(body: body.instructions, stores: [store])]), at: 0)
    }
    emit(name, .loops(nests))
  }

  /// Nests that write a value around the middle of an array: each strip of the border is one of its own, so that nothing is decided
  /// element by element.
  func borders(of output: BufferID, start: [Int], length: [Int], _ fill: Scalar) -> [LoopNest] {
    let (whole, dtype) = (extents(output), dtype(output))
    var nests: [LoopNest] = []
    for axis in whole.indices {
      // Axes before this one are in the middle, those after it go all the way.
      for (begin, end) in [(0, start[axis]), (start[axis] + length[axis], whole[axis])] {
        let first = whole.indices.map { $0 < axis ? start[$0] : $0 == axis ? begin : 0 }
        let extents = whole.indices.map { $0 < axis ? length[$0] : $0 == axis ? end - begin : whole[$0] }
        if extents.contains(where: { $0 < 1 }) { continue }
        let body = [Instruction(.constant(fill.converted(to: dtype)), dtype)]
        let place = extents.indices.map { IndexExpression.axis($0) + IndexExpression(first[$0]) }
        nests.append(LoopNest(outer: extents, stages: [Stage(body: body, stores: [Store(Access(output, place), 0)])]))
      }
    }
    return nests
  }

  /// The same with elements spread apart: for each remainder of the distance between them a nest of its own, of elements or of
  /// zeros.
  private func emitSpread(_ name: String, _ input: BufferID, to output: BufferID, _ geometry: ConvGeometry) {
    let few = geometry.inputDilation.product <= LoweringContext.mostRemainders
    guard few, (geometry.low + geometry.high).allSatisfy({ $0 >= 0 }) else {
      return emitSpreadByIndex(name, input, to: output, geometry)
    }
    let (given, rank) = (extents(input), geometry.rank)
    let start = [0, 0] + geometry.low
    let length = Array(given.prefix(2)) + (0..<rank).map { geometry.spread($0, given[$0 + 2]) }
    var nests = StridedPoints.indices(geometry.inputDilation).compactMap { rests -> LoopNest? in
      let isElement = rests.allSatisfy { $0 == 0 }
      let extents = Array(given.prefix(2)) + (0..<rank).map { rests[$0] == 0 ? given[$0 + 2] : given[$0 + 2] - 1 }
      if extents.contains(where: { $0 < 1 }) { return nil }
      var body = BodyBuilder(extents: extents, node: node)
      let axes = extents.indices.map { IndexExpression.axis($0) }
      let value =
        isElement ? body.cast(body.load(input, dtype(input), axes), dtype(output)) : body.constant(0, dtype(output))
      let place = axes.indices.map { axis in
        axis < 2
          ? axes[axis]
          : axes[axis] * geometry.inputDilation[axis - 2] + IndexExpression(geometry.low[axis - 2] + rests[axis - 2])
      }
      return LoopNest(
        outer: extents, stages: [Stage(body: body.instructions, stores: [Store(Access(output, place), value)])])
    }
    nests += borders(of: output, start: start, length: length, .int(0))
    emit(name, .loops(nests))
  }

  private static let mostRemainders = 16

  /// The same, deciding element by element.
  private func emitSpreadByIndex(_ name: String, _ input: BufferID, to output: BufferID, _ geometry: ConvGeometry) {
    emitMap(name, to: output) { body in
      let space = body.extents
      var places = [IndexExpression.axis(0), .axis(1)]
      var rests: [IndexExpression] = []
      for axis in 0..<geometry.rank {
        let place = IndexExpression.axis(axis + 2) + IndexExpression(-geometry.low[axis])
        places.append(place.floorDiv(geometry.inputDilation[axis], in: space))
        rests.append(place.remainder(geometry.inputDilation[axis], in: space))
      }
      let dtype = dtype(output)
      let zero = Scalar.int(0).converted(to: self.dtype(input))
      var value = body.cast(body.load(input, self.dtype(input), places, fill: zero), dtype)
      for rest in rests where rest != IndexExpression(0) {
        let hit = body.apply(.equal, body.index(rest, .i64), body.append(Instruction(.constant(.int(0)), .i64)))
        value = body.apply(.select, hit, value, body.constant(0, dtype))
      }
      return value
    }
  }
}
