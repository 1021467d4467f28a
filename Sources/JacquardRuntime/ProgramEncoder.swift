import CJacquard
import JacquardCore
import JacquardKernels
import JacquardPlanner

/// Turns a plan's kernels into a program of the tile machine.
struct ProgramEncoder {
  let plan: Plan
  let arrays: CArrays
  /// Nested programs by their numbers, for messages: the plan itself is number 0.
  let numbers: ProgramNumbers
  private let isOutermost: Bool
  /// Gathers what is to be emitted as C; nil for the tile machine alone.
  let natives: NativeNests?
  private(set) var kernels: [jq_kernel] = []
  /// Scratch that one thread needs: the most that a kernel needs, and what sections need beside it.
  private(set) var scratchBytes = 64

  /// - Parameter isNative: Whether nests are to be emitted as C too.
  init(_ plan: Plan, isNative: Bool = false) throws {
    let arrays = CArrays()
    try self.init(plan, arrays, ProgramNumbers(plan), isNative ? NativeNests(arrays) : nil, isOutermost: true)
  }

  init(
    _ plan: Plan, _ arrays: CArrays, _ numbers: ProgramNumbers, _ natives: NativeNests?, isOutermost: Bool
  ) throws {
    self.plan = plan
    self.arrays = arrays
    self.numbers = numbers
    self.natives = natives
    self.isOutermost = isOutermost
    for (index, kernel) in plan.program.kernels.enumerated() {
      do {
        var encoded = try encode(kernel)
        encoded.barrier = plan.barriers[index] ? 1 : 0
        kernels.append(encoded)
      } catch let error as Diagnostic {
        throw error.at("kernel \(index) '\(kernel.name)'")
      }
    }
    encodeSections()
  }

  /// Behind the scratch of kernels lie a thread's table of addresses and its block memory.
  private mutating func encodeSections() {
    guard let sections = plan.program.sections else { return }
    let table = roundedTo64(scratchBytes)
    let memory = table + roundedTo64(8 * plan.program.buffers.count)
    for section in sections {
      let own = plan.program.kernels[section.kernels].flatMap { $0.reads + $0.writes }.withoutRepetition()
      let locals = own.compactMap { buffer -> jq_local? in
        guard case .scratch(let offset, let slice) = plan.storage[buffer.index] else { return nil }
        return jq_local(buffer: Int32(buffer.index), offset: Int64(memory + offset), slice: Int64(slice))
      }
      var result = jq_section()
      result.kernel_count = Int32(section.count)
      result.blocks = Int64(section.blocks)
      result.locals = arrays.array(locals)
      result.local_count = Int32(locals.count)
      result.buffer_count = Int32(plan.program.buffers.count)
      result.table_offset = Int64(table)
      kernels[section.first].section = arrays.array([result])
      for kernel in section.kernels.dropFirst() { kernels[kernel].is_inside = 1 }
    }
    scratchBytes = memory + plan.localBytes
  }

  private mutating func encode(_ kernel: Kernel) throws -> jq_kernel {
    var result = jq_kernel()
    var scratch = 0
    switch kernel.kind {
    case .loops(let nests):
      result.kind = Int32(JQ_KERNEL_NESTS.rawValue)
      try encode(nests, kernel, &scratch, to: &result)
    case .contraction(let product):
      result.kind = Int32(JQ_KERNEL_CONTRACTION.rawValue)
      result.contraction = arrays.array([try encode(product, kernel, &scratch)])
      if let beside = product.beside { try encode(beside, kernel, &scratch, to: &result) }
    case .scatter(let scatter):
      result.kind = Int32(JQ_KERNEL_SCATTER.rawValue)
      result.scatter = arrays.array([try encode(scatter, kernel, &scratch)])
    case .library(let call):
      result.kind = Int32(JQ_KERNEL_LIBRARY.rawValue)
      result.library = arrays.array([try encode(call, &scratch)])
    case .control(let control):
      result.kind = Int32(JQ_KERNEL_CONTROL.rawValue)
      let encoder = ControlEncoder(
        plan: plan, control: control, arrays: arrays, numbers: numbers, natives: natives, isOutermost: isOutermost)
      result.control = arrays.array([try encoder.encoded(scratch: &scratch)])
    }
    scratchBytes = max(scratchBytes, scratch)
    return result
  }

  /// The nests of a kernel run one after another on a thread, and after its tiles: they share scratch.
  private func encode(_ nests: [LoopNest], _ kernel: Kernel, _ scratch: inout Int, to result: inout jq_kernel) throws {
    let encoded = try nests.map { nest in
      var own = 0
      let encoder = try NestEncoder(nest.splittingAxes(), plan: plan, arrays: arrays)
      var result = encoder.finished(scratch: &own)
      natives?.add(encoder.nest, plan, isEpilogue: false, kernel, to: &result)
      scratch = max(scratch, own)
      return result
    }
    result.nests = arrays.array(encoded)
    result.nest_count = Int32(encoded.count)
    result.blocks = Int64(Self.blocks(nests, encoded))
  }

  /// Into how many blocks nests that fill parts of one array fall, by outer loops that they have in common: threads are dealt blocks, so
  /// that what lies side by side is written together. 0 for none.
  private static func blocks(_ nests: [LoopNest], _ encoded: [jq_nest]) -> Int {
    guard nests.count > 1, let first = nests.first else { return 0 }
    let shared = nests.dropFirst().reduce(Set(first.writes)) { $0.intersection($1.writes) }
    if shared.isEmpty { return 0 }
    var count = 1
    for (axis, extent) in first.outer.enumerated() {
      guard nests.allSatisfy({ axis < $0.outer.count && $0.outer[axis] == extent }) else { break }
      count *= extent
      if count >= fewestBlocks { return encoded.allSatisfy { Int($0.outer_count) % count == 0 } ? count : 0 }
    }
    return 0
  }

  private static let fewestBlocks = 32

  // MARK: Products

  private func encode(_ product: Contraction, _ kernel: Kernel, _ scratch: inout Int) throws -> jq_contraction {
    var result = jq_contraction()
    result.product = shape(product)
    result.a = Int32(product.lhs.buffer.index)
    result.b = Int32(product.rhs.buffer.index)
    result.a_offset = Int64(product.lhs.offset)
    result.b_offset = Int64(product.rhs.offset)
    result.batch_rank = Int32(product.batch.count)
    result.batch = array(product.batch)
    result.a_batch = array(product.lhs.batchStrides)
    result.b_batch = array(product.rhs.batchStrides)
    result.batch_count = Int64(product.batch.reduce(1, *))
    let terms = product.lhs.terms ?? product.rhs.terms ?? AxisGroup([], [])
    let none = terms.extents.map { _ in 0 }
    result.term_rank = Int32(terms.extents.count)
    result.terms = array(terms.extents)
    result.a_terms = array(product.lhs.terms?.strides ?? none)
    result.b_terms = array(product.rhs.terms?.strides ?? none)
    result.term_count = Int64(terms.count)
    result.product.k = product.k / terms.count
    let right = plan.program[product.rhs.buffer]
    result.b_count = Int64(right.count)
    if case .scratch(_, let slice) = plan.storage[product.rhs.buffer.index] {
      result.b_count = Int64(slice / right.dtype.byteSize)
      result.b_is_slice = 1
    }
    if let windows = product.rhs.windows { result.window = arrays.array([encode(windows)]) }
    if let windows = product.lhs.windows { result.left = arrays.array([encode(windows)]) }
    result.a_row = Int64(product.lhs.rowStride)
    result.b_column = Int64(product.rhs.columnStride)
    let rows = min(product.tiling.rows, product.m)
    let columns = min(product.tiling.columns, product.n)
    result.rows = Int64(rows)
    result.columns = Int64(columns)
    result.by_rows = product.rows == nil ? 0 : 1
    let encoder = try NestEncoder(product.nest.splittingAxes(), plan: plan, arrays: arrays)
    result.epilogue = encoder.finished(
      scratch: &scratch, fixed: NestEncoder.Tile(rows: 1, chunk: 512), blockRows: product.rows == nil ? 0 : rows)
    result.packing_offset = Int64(scratch)
    (result.product.window, result.product.left) = (result.window, result.left)
    scratch += (jq_packing_bytes(&result.product, rows, columns) + 63) & ~63
    result.winograd_offset = -1
    if product.tiling.provider == .winograd {
      result.winograd_offset = Int64(scratch)
      scratch += (jq_winograd_bytes(&result.product, columns) + 63) & ~63
    }
    result.direct = direct(product, encoder)
    if result.direct < 0 {
      natives?.add(encoder.nest, plan, isEpilogue: true, kernel, to: &result.epilogue)
      result.scratch_offset = Int64(scratch)
      scratch += (rows * columns * product.dtype.byteSize + 63) & ~63
    }
    return result
  }

  private func array(_ values: [Int]) -> UnsafePointer<Int64> { arrays.array(values.map { Int64($0) }) }

  private func encode(_ windows: MatrixOperand.Windows) -> jq_window {
    var result = jq_window()
    result.row_rank = Int32(windows.rows.extents.count)
    result.column_rank = Int32(windows.columns.extents.count)
    result.row_extents = array(windows.rows.extents)
    result.row_strides = array(windows.rows.strides)
    result.column_extents = array(windows.columns.extents)
    result.column_strides = array(windows.columns.strides)
    return result
  }

  private func shape(_ product: Contraction) -> jq_product {
    var result = jq_product()
    result.m = product.m
    result.n = product.n
    result.k = product.k
    result.dtype = UInt8(product.dtype.code.rawValue)
    let a = ProgramEncoder.leading(product.lhs, rows: product.m, columns: product.k / (product.lhs.terms?.count ?? 1))
    let b = ProgramEncoder.leading(product.rhs, rows: product.k / (product.rhs.terms?.count ?? 1), columns: product.n)
    (result.lda, result.transpose_a) = (a.leading, a.isTransposed ? 1 : 0)
    (result.ldb, result.transpose_b) = (b.leading, b.isTransposed ? 1 : 0)
    return result
  }

  /// How BLAS walks through an operand whose elements are next to each other along its rows or its columns.
  private static func leading(
    _ operand: MatrixOperand, rows: Int, columns: Int
  ) -> (leading: Int, isTransposed: Bool) {
    if operand.columnStride == 1 || columns == 1 { return (max(operand.rowStride, columns, 1), false) }
    return (max(operand.columnStride, rows, 1), true)
  }

  /// The access that takes the product as it is, straight from BLAS, or -1.
  private func direct(_ product: Contraction, _ encoder: NestEncoder) -> Int32 {
    let stage = encoder.firstStage
    guard product.rows == nil, product.epilogue.count == 1, case .accumulator = product.epilogue[0].operation,
      stage.stores.count == 1
    else {
      return -1
    }
    let space = encoder.spaceAxes
    let access = stage.accesses[Int(stage.stores[0].access)]
    guard access.indices == nil, access.inner_dense == 1, space.outer.count == 1, space.inner.count == 1 else {
      return -1
    }
    return access.strides[0] >= Int64(product.n) ? stage.stores[0].access : -1
  }

  // MARK: Scatter

  private func encode(_ scatter: Scatter, _ kernel: Kernel, _ scratch: inout Int) throws -> jq_scatter {
    var result = jq_scatter()
    let buffer = plan.program[scatter.target.buffer]
    result.base = Int32(scatter.base.index)
    result.target = Int32(scatter.target.buffer.index)
    result.bytes = Int64(buffer.byteCount)
    result.size = Int32(buffer.dtype.byteSize)
    let inner = scatter.space.last.map { [$0] } ?? [1]
    let nest = LoopNest(
      outer: Array(scatter.space.dropLast()), stages: [Stage(inner: inner, body: scatter.body)])
    var encoder = try NestEncoder(nest, plan: plan, arrays: arrays, extra: scatter.target)
    let (access, value) = encoder.editFirstStage { stage in
      // The access comes last: registers of its indices must outlive every instruction.
      let value = stage.point(scatter.value)
      return (stage.encode(scatter.target, atLeast: .point).number, value)
    }
    result.columns = Int64(columns(scatter, buffer))
    result.body = encoder.finished(scratch: &scratch, fixed: NestEncoder.Tile(rows: 1, chunk: 512))
    natives?.add(scatter, encoder.nest, plan, kernel, to: &result.body)
    result.access = UnsafePointer(result.body.stages[0].accesses + access)
    result.value = Int32(value)
    if let combiner = scatter.combiner {
      guard let pair = combiner.pair, let function = jq_tile(pair, buffer.dtype.code) else {
        throw Diagnostic("scatter by \(combiner.rawValue) is not defined for \(buffer.dtype)")
      }
      result.combine = function
    }
    return result
  }

  /// The extent of the last axis, if target and updates share it: then threads can share the columns.
  private func columns(_ scatter: Scatter, _ buffer: Buffer) -> Int {
    let last = scatter.space.count - 1
    guard last >= 0, let index = scatter.target.indices.last, index.singleAxis == last,
      buffer.extents.last == scatter.space[last], buffer.layout == .rowMajor(buffer.extents),
      scatter.target.indices.dropLast().allSatisfy({ !$0.axes.contains(last) })
    else { return 0 }
    return scatter.space[last]
  }
}
