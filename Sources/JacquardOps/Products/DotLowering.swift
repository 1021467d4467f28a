import JacquardCore
import JacquardIR
import JacquardKernels

/// Emits the kernels of a product: operands as matrices read by strides, a contraction, and for a long K a sum of partial
/// products.
struct DotLowering {
  /// An operand with the extents, strides and roles of its axes.
  struct Operand {
    var buffer: BufferID
    var extents: [Int]
    var side: Dot.Side

    var strides: [Int] { Layout.rowMajor(extents).strides }
    var batchStrides: [Int] { strides.picking(side.batch) }
    var free: [Int] { extents.picking(side.free) }
    var contracting: [Int] { extents.picking(side.contracting) }

    /// The one stride by which a group of axes is walked in order; 0 if it has one element; nil if there is none.
    func stride(_ axes: [Int]) -> Int? {
      let long = axes.filter { extents[$0] > 1 }
      guard let last = long.last else { return 0 }
      for (outer, inner) in zip(long, long.dropFirst()) where strides[outer] != strides[inner] * extents[inner] {
        return nil
      }
      return strides[last]
    }
  }

  let context: LoweringContext
  let left: Operand
  let right: Operand

  private var output: BufferID { context.outputs[0] }
  /// What products are summed in.
  private var dtype: DType { Tiling.Provider.type(for: context.dtype(output)) }
  private var batch: [Int] { left.extents.picking(left.side.batch) }
  private var m: Int { left.free.product }
  private var n: Int { right.free.product }
  private var k: Int { left.contracting.product }

  init(_ operation: Dot, _ context: LoweringContext) {
    self.context = context
    let (a, b) = (context.inputs[0], context.inputs[1])
    let (extentsA, extentsB) = (context.extents(a), context.extents(b))
    var left = Operand(buffer: a, extents: extentsA, side: operation.left(extentsA.count))
    var right = Operand(buffer: b, extents: extentsB, side: operation.right(extentsB.count))
    DotLowering.orderContraction(&left, &right)
    self.left = left
    self.right = right
  }

  /// The order in which contracting axes are summed: the left operand's, or the right one's if only that one spares a copy.
  private static func orderContraction(_ left: inout Operand, _ right: inout Operand) {
    let pairs = Array(zip(left.side.contracting, right.side.contracting))
    let byLeft = pairs.sorted { $0.0 < $1.0 }
    let byRight = pairs.sorted { $0.1 < $1.1 }
    func set(_ pairs: [(Int, Int)]) -> Bool {
      left.side.contracting = pairs.map(\.0)
      right.side.contracting = pairs.map(\.1)
      return left.stride(left.side.contracting) != nil && right.stride(right.side.contracting) != nil
    }
    if !set(byLeft) && !set(byRight) { _ = set(byLeft) }
  }

  func emit() {
    if context.extents(output).contains(0) { return }
    if k == 0 { return context.emitFill(Dot.name, .int(0), to: output) }
    let (lhs, rhs) = (leftMatrix(), rightMatrix())
    let count = batch.product
    let parts = Tiling.partials(batch: count, m: m, n: n, k: k)
    if parts > 1 {
      emitPartials(lhs, rhs, parts)
    } else {
      let tiling = tiling(count, k, rhs)
      emitContraction(batch, k, lhs, rhs, tiling, to: Access(output, resultIndices()))
    }
  }

  private func emitContraction(
    _ batch: [Int], _ k: Int, _ lhs: MatrixOperand, _ rhs: MatrixOperand, _ tiling: Tiling, to target: Access
  ) {
    var epilogue = BodyBuilder(extents: batch + [m, n], node: context.node)
    let sum = epilogue.append(Instruction(.accumulator, dtype))
    let value = epilogue.cast(sum, context.dtype(target.buffer))
    let product = Contraction(
      batch: batch, m: m, n: n, k: k, dtype: dtype, lhs: lhs, rhs: rhs, tiling: tiling,
      epilogue: epilogue.instructions, stores: [Store(target, value)])
    context.emit(Dot.name, .contraction(product))
  }

  private func tiling(_ batch: Int, _ k: Int, _ rhs: MatrixOperand) -> Tiling {
    Tiling.choose(batch: batch, m: m, n: n, k: k, dtype: dtype, isRightTransposed: rhs.columnStride != 1)
  }

  /// The result's indices in the space (batch..., m, n).
  private func resultIndices() -> [IndexExpression] {
    let space = batch + [m, n]
    let rows = IndexExpression.axis(batch.count).unflattened(to: left.free, in: space)
    let columns = IndexExpression.axis(batch.count + 1).unflattened(to: right.free, in: space)
    return batch.indices.map { .axis($0) } + rows + columns
  }

  // MARK: Operands as matrices

  private func leftMatrix() -> MatrixOperand {
    matrix(left, rows: left.side.free, columns: left.side.contracting)
      ?? matrix(pack(left), rowCount: m, columnCount: k)
  }

  private func rightMatrix() -> MatrixOperand {
    matrix(right, rows: right.side.contracting, columns: right.side.free)
      ?? matrix(pack(right, contractingFirst: true), rowCount: k, columnCount: n)
  }

  /// An operand read where it lies; nil if its axes do not fall into a matrix with one stride of 1, or it is to be converted.
  private func matrix(_ operand: Operand, rows: [Int], columns: [Int]) -> MatrixOperand? {
    guard context.dtype(operand.buffer) == dtype, let row = operand.stride(rows), let column = operand.stride(columns)
    else { return nil }
    let (rowCount, columnCount) = (operand.extents.picking(rows).product, operand.extents.picking(columns).product)
    let strides: (row: Int, column: Int)
    switch (row, column) {
    case (0, 0): strides = (1, 1)
    case (0, _): strides = column == 1 ? (columnCount, 1) : (1, column)
    case (_, 0): strides = row == 1 ? (1, rowCount) : (row, 1)
    default:
      if row != 1 && column != 1 { return nil }
      strides = (row, column)
    }
    return MatrixOperand(
      operand.buffer, batchStrides: operand.batchStrides, rowStride: strides.row, columnStride: strides.column)
  }

  /// A packed operand: dense matrices one after the other.
  private func matrix(_ buffer: BufferID, rowCount: Int, columnCount: Int) -> MatrixOperand {
    let strides = Layout.rowMajor(context.extents(buffer)).strides
    return MatrixOperand(
      buffer, batchStrides: Array(strides.prefix(batch.count)), rowStride: columnCount, columnStride: 1)
  }

  /// Copies an operand into the order batch, rows, columns.
  private func pack(_ operand: Operand, contractingFirst: Bool = false) -> BufferID {
    let side = operand.side
    let order = side.batch + (contractingFirst ? side.contracting + side.free : side.free + side.contracting)
    let packed = context.temporary(dtype, operand.extents.picking(order))
    context.emitCopy(Transpose.name, from: operand.buffer, to: packed) { axes, _ in
      Transpose(order).inverse.map { axes[$0] }
    }
    return packed
  }

  // MARK: Long contractions

  /// Partial products over equal parts of K, one more batch axis, and their sum in index order.
  private func emitPartials(_ lhs: MatrixOperand, _ rhs: MatrixOperand, _ parts: Int) {
    let length = k / parts
    var (lhs, rhs) = (lhs, rhs)
    lhs.batchStrides.append(length * lhs.columnStride)
    rhs.batchStrides.append(length * rhs.rowStride)
    let extents = batch + [parts, m, n]
    let partial = context.temporary(dtype, extents)
    let tiling = tiling(batch.product * parts, length, rhs)
    emitContraction(batch + [parts], length, lhs, rhs, tiling, to: Access(partial, extents.indices.map { .axis($0) }))
    emitSum(of: partial, parts)
  }

  private func emitSum(of partial: BufferID, _ parts: Int) {
    let outer = context.extents(output)
    let axes = outer.indices.map { IndexExpression.axis($0) }
    let middle = batch.count + left.free.count
    let row = IndexExpression.linear(Array(axes[batch.count..<middle]), in: left.free)
    let column = IndexExpression.linear(Array(axes[middle...]), in: right.free)
    let indices = Array(axes.prefix(batch.count)) + [.axis(outer.count), row, column]
    let load = Instruction(.load(Access(partial, indices, node: context.node)), dtype)
    let combine = Stage(inner: [parts], body: [load], reductions: [Reduction(.sum, 0, dtype)])
    var finish = BodyBuilder(extents: outer, node: context.node)
    let total = finish.cast(finish.append(Instruction(.rowValue(0), dtype)), context.dtype(output))
    let last = Stage(body: finish.instructions, stores: [Store(Access(output, axes), total)])
    context.emit(Dot.name, .loops([LoopNest(outer: outer, stages: [combine, last], order: .sequential)]))
  }
}
