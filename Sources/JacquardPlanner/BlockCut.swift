import JacquardCore
import JacquardKernels

/// What a kernel does to a buffer while its loops run block by block.
struct BlockUse {
  var reads = false
  var writes = false
  /// Whether each block touches only its own slice: as many elements as every other one, in the order of the blocks.
  var isBlockwise = true
}

/// The outer loops of kernels cut into blocks, and which elements each block then touches: what makes a section legal. The finder
/// of sections and the plan verifier both ask it.
struct BlockCut {
  let buffers: [Buffer]
  let blocks: Int

  /// What a kernel does to each buffer; nil if its loops do not fall into so many blocks, or it must not run by blocks: it may fail,
  /// or its results would depend on the cut.
  func uses(of kernel: Kernel) -> [BufferID: BlockUse]? {
    if kernel.canFail { return nil }
    var result: [BufferID: BlockUse] = [:]
    switch kernel.kind {
    case .loops(let nests):
      for nest in nests where !add(nest, to: &result) { return nil }
    case .contraction(let product):
      guard keepsBytes(product), add(product, to: &result) else { return nil }
      for nest in product.nests where !add(nest, to: &result) { return nil }
    case .scatter, .library, .control: return nil
    }
    return result
  }

  /// Rows of one matrix of a product that a block makes.
  func rows(of product: Contraction) -> Int { min(product.m, product.batch.reduce(1, *) * product.m / blocks) }

  /// Products in f32 and of whole numbers are the same however they are cut; those of OpenBLAS are not. A thread would prepare
  /// Winograd's form of the kernels for each block anew.
  private func keepsBytes(_ product: Contraction) -> Bool {
    switch product.tiling.provider {
    case .blocks, .loops: return true
    case .winograd: return false
    case .openBLAS:
      let rows = rows(of: product)
      return rows == product.m || rows % product.tiling.rows == 0
    }
  }

  // MARK: Loops

  private func add(_ nest: LoopNest, to uses: inout [BufferID: BlockUse]) -> Bool {
    // Rows of a map that looks something up are not cut: its places are found once a row.
    if nest.loadsByValues && CutLoops(outer: nest.outer.dropLast(), inner: [], blocks: blocks) == nil { return false }
    for stage in nest.stages {
      guard let loops = CutLoops(outer: nest.outer[...], inner: stage.inner, blocks: blocks) else { return false }
      for step in stage.body {
        switch step.operation {
        case .load(let access): uses[access.buffer, default: BlockUse()].read(isBlockwise(access, loops))
        case .random(_, let key, _): uses[key, default: BlockUse()].read(false)
        default: break
        }
      }
      for store in stage.stores {
        uses[store.access.buffer, default: BlockUse()].write(isBlockwise(store.access, loops))
      }
    }
    return true
  }

  /// Elements of a slice.
  private func slice(_ buffer: Buffer) -> Int? {
    buffer.count > 0 && buffer.count % blocks == 0 ? buffer.count / blocks : nil
  }

  private func isBlockwise(_ access: Access, _ loops: CutLoops) -> Bool {
    let buffer = buffers[access.buffer.index]
    guard let slice = slice(buffer), access.indices.allSatisfy(\.hasNoValues) else { return false }
    var position = IndexExpression(0)
    var (low, high) = (0, 0)
    for (axis, index) in access.indices.enumerated() {
      let (index, stride) = (loops.cutting(index), buffer.layout.strides[axis])
      if access.fill == nil || loops.isNumbered(index) {
        position = position + index * stride
      } else {
        // Outside its extent, nothing is touched.
        guard let range = index.range(in: loops.extents) else { return false }
        let (first, last) = (max(range.lowerBound, 0), min(range.upperBound, buffer.extents[axis] - 1))
        if first > last { return true }
        low += first * stride
        high += last * stride
      }
    }
    return loops.stays(position.recombined(), plus: low...high, in: slice)
  }

  // MARK: Products

  private func add(_ product: Contraction, to uses: inout [BufferID: BlockUse]) -> Bool {
    let (left, right) = (product.lhs, product.rhs)
    let columns = left.windows?.columns.extents ?? [product.k / (left.terms?.count ?? 1)]
    let rows = right.windows?.rows.extents ?? [product.k / (right.terms?.count ?? 1)]
    let width = right.windows?.columns.extents ?? [product.n]
    let outer = (product.batch + [product.m])[...]
    let ownLeft = columns + (left.terms?.extents ?? [])
    let ownRight = rows + width + (right.terms?.extents ?? [])
    guard let onLeft = CutLoops(outer: outer, inner: ownLeft, blocks: blocks),
      let onRight = CutLoops(outer: outer, inner: ownRight, blocks: blocks)
    else { return false }
    let leftStrides = (left.windows?.columns.strides ?? [left.columnStride]) + (left.terms?.strides ?? [])
    let across = right.windows.map { $0.rows.strides + $0.columns.strides } ?? [right.rowStride, right.columnStride]
    let leftPlace = corner(left, outer.count, leftStrides) + rowPlace(left, product, outer + ownLeft)
    let rightPlace = corner(right, outer.count, across + (right.terms?.strides ?? []))
    uses[left.buffer, default: BlockUse()].read(isBlockwise(left.buffer, leftPlace, onLeft))
    uses[right.buffer, default: BlockUse()].read(isBlockwise(right.buffer, rightPlace, onRight))
    return true
  }

  /// Where the elements of an operand lie, along all axes but the rows of a left one.
  private func corner(_ operand: MatrixOperand, _ outer: Int, _ strides: [Int]) -> IndexExpression {
    var place = IndexExpression(operand.offset)
    for (axis, stride) in operand.batchStrides.enumerated() { place = place + .axis(axis) * stride }
    for (axis, stride) in strides.enumerated() { place = place + .axis(outer + axis) * stride }
    return place
  }

  private func rowPlace(_ left: MatrixOperand, _ product: Contraction, _ extents: ArraySlice<Int>) -> IndexExpression {
    let row = IndexExpression.axis(product.batch.count)
    guard let group = left.windows?.rows else { return row * left.rowStride }
    var place = IndexExpression(0)
    var step = 1
    for (extent, stride) in zip(group.extents, group.strides).reversed() {
      let digit = row.floorDiv(step, in: Array(extents)).remainder(extent, in: Array(extents))
      place = place + digit * stride
      step *= extent
    }
    return place.recombined()
  }

  private func isBlockwise(_ buffer: BufferID, _ place: IndexExpression, _ loops: CutLoops) -> Bool {
    guard let slice = slice(buffers[buffer.index]) else { return false }
    return loops.stays(loops.cutting(place), plus: 0...0, in: slice)
  }
}

extension BlockUse {
  fileprivate mutating func read(_ isOwn: Bool) {
    reads = true
    isBlockwise = isBlockwise && isOwn
  }

  fileprivate mutating func write(_ isOwn: Bool) {
    writes = true
    isBlockwise = isBlockwise && isOwn
  }
}

extension LoopNest {
  /// Whether it reads at places that are known only when it runs.
  fileprivate var loadsByValues: Bool {
    stages.contains { stage in
      stage.body.contains { step in
        if case .load(let access) = step.operation { !access.indices.allSatisfy(\.hasNoValues) } else { false }
      }
    }
  }
}

/// Loops whose outer axes are cut: those before some axis number the blocks, and that axis in equal parts.
private struct CutLoops {
  /// Extents of the first axes, which number the blocks, and then of all others.
  let extents: [Int]
  /// How many number the blocks.
  private let numbers: Int
  /// The old axes over the new ones; nil if they are the same.
  private let axes: [IndexExpression]?

  /// - Returns: nil if the loops do not fall into so many blocks in this way. Extents are at least 1.
  init?(outer: ArraySlice<Int>, inner: [Int], blocks: Int) {
    let old = outer + inner
    var left = blocks
    var axis = 0
    while left > 1, axis < outer.count, left % old[axis] == 0 {
      left /= old[axis]
      axis += 1
    }
    if left == 1 {
      (extents, numbers, axes) = (Array(old), axis, nil)
      return
    }
    guard axis < outer.count, old[axis] % left == 0 else { return nil }
    let cut = axis
    let part = old[cut] / left
    extents = old[..<cut] + [left, part] + old[(cut + 1)...]
    numbers = cut + 1
    axes = old.indices.map { index in
      index == cut ? .axis(cut) * part + .axis(cut + 1) : .axis(index < cut ? index : index + 1)
    }
  }

  func cutting(_ index: IndexExpression) -> IndexExpression {
    axes.map { index.substituting(axes: $0, in: extents) } ?? index
  }

  private func isNumber(_ axis: Int) -> Bool { axis < numbers && extents[axis] > 1 }

  /// Whether an expression depends on the block.
  func isNumbered(_ index: IndexExpression) -> Bool { index.hasAxis(where: isNumber) }

  /// Whether, of slices that follow each other in the order of the blocks, each block has its own: a place is the block's number
  /// times the slice and something within the slice.
  func stays(_ place: IndexExpression, plus range: ClosedRange<Int>, in slice: Int) -> Bool {
    var steps = [Int](repeating: 0, count: numbers)
    var rest = IndexExpression(place.constant)
    for term in place.terms {
      if case .axis(let axis) = term.atom, axis < numbers {
        steps[axis] = term.coefficient
      } else {
        let own = IndexExpression(term.atom)
        if isNumbered(own) { return false }
        rest = rest + own * term.coefficient
      }
    }
    var step = slice
    for axis in (0..<numbers).reversed() where extents[axis] > 1 {
      if steps[axis] != step { return false }
      step = step &* extents[axis]
    }
    guard let own = rest.range(in: extents) else { return false }
    let (low, below) = own.lowerBound.addingReportingOverflow(range.lowerBound)
    let (high, above) = own.upperBound.addingReportingOverflow(range.upperBound)
    return !below && !above && low >= 0 && high < slice
  }
}
