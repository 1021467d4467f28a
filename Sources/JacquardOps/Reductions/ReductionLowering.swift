import JacquardCore
import JacquardIR
import JacquardKernels

/// Emits the kernels of a reduction: outer loops over the kept axes in order, inner loops over the reduced axes in order.
struct ReductionLowering {
  typealias Finish = (inout BodyBuilder, _ total: Int, _ count: Int) -> Int

  let context: LoweringContext
  let name: String
  let combiner: Combiner
  /// Extents of the operand.
  let extents: [Int]
  let kept: [Int]
  let reduced: [Int]
  let keepDims: Bool
  /// Which of the combiner's results is stored.
  let result: Int

  init(
    _ context: LoweringContext, _ name: String, _ combiner: Combiner, axes: [Int], keepDims: Bool, result: Int = 0
  ) {
    self.context = context
    self.name = name
    self.combiner = combiner
    self.keepDims = keepDims
    self.result = result
    extents = context.extents(context.inputs[0])
    kept = extents.indices.filter { !axes.contains($0) }
    reduced = axes
  }

  private var input: BufferID { context.inputs[0] }
  private var dtype: DType { context.dtype(input) }
  /// What values are combined in.
  private var wide: DType { dtype.computeType }
  private var outer: [Int] { extents.picking(kept) }
  private var inner: [Int] { extents.picking(reduced) }

  /// - Parameter finish: appends what is done to each combined value of `count` elements before it is stored.
  func emit(_ finish: @escaping Finish) {
    if outer.contains(0) { return }
    let count = inner.product
    if count <= 1 && combiner.resultCount == 1 { return emitTrivial(count, finish) }
    if combiner == .sum && count <= ReductionLowering.few && outer.product >= ReductionLowering.manyRows {
      return emitSumOfFew(count, finish)
    }
    if combiner.resultCount == 1, ReductionSplit.isByRows(extents, reducing: reduced) { return emitByRows(finish) }
    let order = ReductionSplit.order(extents, reducing: reduced)
    let splits = combiner.resultCount == 1
    if splits, let split = ReductionSplit.choose(outer: outer.product, inner: inner, order: order) {
      return emitSplit(split, order, finish)
    }
    let stage = reducing(inner: inner, indices: operandIndices(), fill: nil)
    emitNest(outer, [stage, finishing(finish, count)], order)
  }

  /// No elements: the identity. One element: itself.
  private func emitTrivial(_ count: Int, _ finish: Finish) {
    context.emitMap(name, to: context.outputs[0]) { body in
      let total: Int
      if count == 0 {
        total = body.append(Instruction(.constant(combiner.identity(dtype)), dtype))
      } else {
        total = body.load(input, dtype, elementIndices())
      }
      return body.cast(finish(&body, body.cast(total, wide), count), context.dtype(context.outputs[0]))
    }
  }

  /// So few elements in so many sums are added one by one, without lanes.
  private static let few = 4
  private static let manyRows = 4096

  /// Each element is loaded by itself; they are added in order.
  private func emitSumOfFew(_ count: Int, _ finish: Finish) {
    context.emitMap(name, to: context.outputs[0]) { body in
      var total: Int?
      for place in 0..<count {
        let element = body.cast(body.load(input, dtype, elementIndices(place)), wide)
        total = total.map { body.apply(.add, $0, element) } ?? element
      }
      return body.cast(finish(&body, total ?? 0, count), context.dtype(context.outputs[0]))
    }
  }

  /// A kernel of partial reductions, whose number is its first axis, and one that combines them in index order.
  private func emitSplit(_ split: ReductionSplit, _ order: LoopNest.Order, _ finish: @escaping Finish) {
    let partial = context.temporary(wide, [split.parts] + outer)
    var cut = inner
    cut[split.position] = split.chunk
    let exact = split.chunk * split.parts == inner[split.position]
    let fill = exact ? nil : combiner.identity(dtype)
    let stage = reducing(inner: cut, indices: operandIndices(split), fill: fill)
    let axes = (0...outer.count).map { IndexExpression.axis($0) }
    let row = Instruction(.rowValue(0), wide)
    emitNest([split.parts] + outer, [stage, Stage(body: [row], stores: [Store(Access(partial, axes), 0)])], order)

    let places = [IndexExpression.axis(outer.count)] + outer.indices.map { .axis($0) }
    let load = Instruction(.load(Access(partial, places, node: context.node)), wide)
    let combine = Stage(inner: [split.parts], body: [load], reductions: [Reduction(combiner, 0, wide)])
    emitNest(outer, [combine, finishing(finish, inner.product)], .sequential)
  }

  /// A kernel of rows, each reduced over the axes behind the kept ones, and one that combines rows in index order.
  private func emitByRows(_ finish: @escaping Finish) {
    let (first, last) = (kept[0], kept[kept.count - 1])
    let partial = context.temporary(wide, Array(extents[...last]))
    let axes = extents.indices.map { IndexExpression.axis($0) }
    let stage = reducing(inner: Array(extents[(last + 1)...]), indices: axes, fill: nil)
    let row = Instruction(.rowValue(0), wide)
    let store = Store(Access(partial, Array(axes[...last])), 0)
    emitNest(Array(extents[...last]), [stage, Stage(body: [row], stores: [store])], .lanes)

    let places = (0..<first).map { IndexExpression.axis(kept.count + $0) } + kept.indices.map { .axis($0) }
    let load = Instruction(.load(Access(partial, places, node: context.node)), wide)
    let combine = Stage(inner: Array(extents[..<first]), body: [load], reductions: [Reduction(combiner, 0, wide)])
    emitNest(outer, [combine, finishing(finish, inner.product)], .sequential)
  }

  private func emitNest(_ outer: [Int], _ stages: [Stage], _ order: LoopNest.Order) {
    context.emit(name, .loops([LoopNest(outer: outer, stages: stages, order: order)]))
  }

  /// Loads and combines the inner points of each outer one.
  private func reducing(inner: [Int], indices: [IndexExpression], fill: Scalar?) -> Stage {
    var body = BodyBuilder(extents: [], node: context.node)
    let value = body.cast(body.load(input, dtype, indices, fill: fill), wide)
    return Stage(inner: inner, body: body.instructions, reductions: [Reduction(combiner, value, wide)])
  }

  /// Stores the combined value at each outer point.
  private func finishing(_ finish: Finish, _ count: Int) -> Stage {
    var body = BodyBuilder(extents: outer, node: context.node)
    let type = Reduction(combiner, 0, wide).resultTypes[result]
    let total = body.append(Instruction(.rowValue(result), type))
    let value = body.cast(finish(&body, total, count), context.dtype(context.outputs[0]))
    return Stage(body: body.instructions, stores: [Store(Access(context.outputs[0], resultIndices()), value)])
  }

  /// The operand's indices in the space of the part of a split, then kept axes, then reduced ones.
  private func operandIndices(_ split: ReductionSplit? = nil) -> [IndexExpression] {
    var indices = [IndexExpression](repeating: IndexExpression(0), count: extents.count)
    let first = split == nil ? 0 : 1
    for (axis, original) in kept.enumerated() { indices[original] = .axis(first + axis) }
    for (axis, original) in reduced.enumerated() {
      var index = IndexExpression.axis(first + kept.count + axis)
      if let split, split.position == axis { index = index + IndexExpression.axis(0) * split.chunk }
      indices[original] = index
    }
    return indices
  }

  /// The result's indices in the space of the kept axes.
  private func resultIndices() -> [IndexExpression] {
    if !keepDims { return kept.indices.map { .axis($0) } }
    return extents.indices.map { axis in kept.firstIndex(of: axis).map { .axis($0) } ?? IndexExpression(0) }
  }

  /// The operand's indices in the result's space, of the reduced element at a place in their row-major order.
  private func elementIndices(_ place: Int = 0) -> [IndexExpression] {
    var rest = place
    var indices = extents.indices.map { IndexExpression.axis(keepDims ? $0 : kept.firstIndex(of: $0) ?? 0) }
    for axis in reduced.reversed() {
      indices[axis] = IndexExpression(extents[axis] > 0 ? rest % extents[axis] : 0)
      rest /= max(extents[axis], 1)
    }
    return indices
  }
}
