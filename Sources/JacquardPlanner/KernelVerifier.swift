import JacquardCore
import JacquardIR
import JacquardKernels

/// Checks one kernel of a plan: types of bodies, bounds of accesses.
struct KernelVerifier {
  let plan: Plan
  let kernel: Kernel

  func verify() throws {
    switch kernel.kind {
    case .loops(let nests):
      guard !nests.isEmpty else { throw Diagnostic("no loop nest") }
      for nest in nests { try verify(nest) }
      try verifyApart(nests)
    case .contraction(let product): try verify(product)
    case .scatter(let scatter): try verify(scatter)
    case .library(let call): try LibraryVerifier(plan: plan, call: call).verify()
    case .control(let control): try ControlVerifier(plan: plan, control: control).verify()
    }
  }

  // MARK: Loop nests

  private func verify(_ nest: LoopNest) throws {
    try verifySpace(nest.outer)
    guard nest.stages.count <= 64, nest.locals.count <= 64 else { throw Diagnostic("too many stages") }
    let inner = nest.stages.map(\.inner).first { !$0.isEmpty } ?? []
    var rows: [DType] = []
    var written: Set<Int> = []
    for stage in nest.stages {
      guard stage.inner.isEmpty || stage.inner == inner else { throw Diagnostic("stages have different inner loops") }
      let space = nest.extents(of: stage)
      try verifySpace(space)
      let body = BodyVerifier(
        plan: plan, extents: space, rows: rows, locals: stage.inner.isEmpty ? [] : nest.locals, written: written,
        accumulator: nil)
      try body.verify(stage.body)
      for store in stage.stores { try body.verify(store, stage.body) }
      for reduction in stage.reductions {
        try verify(reduction, stage)
        rows += reduction.resultTypes
      }
      for store in stage.localStores {
        guard !stage.inner.isEmpty, nest.locals.indices.contains(store.local),
          stage.body.indices.contains(store.value), stage.body[store.value].dtype == nest.locals[store.local]
        else { throw Diagnostic("a row-local array is written with something that does not fit") }
        written.insert(store.local)
      }
    }
  }

  private func verify(_ reduction: Reduction, _ stage: Stage) throws {
    guard !stage.inner.isEmpty, stage.body.indices.contains(reduction.value) else {
      throw Diagnostic("a reduction has no value or no inner loops")
    }
    let type = stage.body[reduction.value].dtype
    let logical = reduction.combiner == .any || reduction.combiner == .all
    guard type == reduction.dtype, logical == (type == .bool) else {
      throw Diagnostic("a reduction \(reduction.combiner.rawValue) of \(type) is not defined")
    }
  }

  /// Whether ranges do not meet at all.
  private func isApart(_ ranges: [ClosedRange<Int>]) -> Bool {
    let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
    return zip(sorted, sorted.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }
  }

  /// Whether any two stores are apart along some axis. Of more than a border or a window has parts it is not asked.
  private func isPairwiseApart(_ ranges: [[ClosedRange<Int>]], _ accesses: [Access]) -> Bool {
    guard accesses.count <= 32, ranges.allSatisfy({ $0.count == accesses.count }) else { return false }
    return accesses.indices.allSatisfy { first in
      (0..<first).allSatisfy { second in
        let indices = zip(accesses[first].indices, accesses[second].indices)
        return ranges.contains { !$0[first].overlaps($0[second]) } || indices.contains { neverMeet($0, $1) }
      }
    }
  }

  /// Whether two indices differ at all points: they leave different remainders by a number that divides all their coefficients.
  private func neverMeet(_ a: IndexExpression, _ b: IndexExpression) -> Bool {
    func gcd(_ x: UInt, _ y: UInt) -> UInt { y == 0 ? x : gcd(y, x % y) }
    let step = (a.terms + b.terms).reduce(UInt(0)) { gcd($0, $1.coefficient.magnitude) }
    let (distance, overflow) = a.constant.subtractingReportingOverflow(b.constant)
    return !overflow && step > 1 && distance.magnitude % step != 0
  }

  private func verifySpace(_ extents: [Int]) throws {
    let bad = Diagnostic("impossible loop extents")
    guard extents.count <= 2 * TensorType.maximumRank, !extents.contains(where: { $0 < 1 }) else { throw bad }
    _ = try PlanVerifier.points(extents, bad)
  }

  /// Stores of one kernel run at the same time: any two of those to one buffer must go to different parts along one of its
  /// axes.
  private func verifyApart(_ nests: [LoopNest]) throws {
    let stores = nests.flatMap { nest in
      nest.stages.flatMap { stage in stage.stores.map { (access: $0.access, space: nest.extents(of: stage)) } }
    }
    for (buffer, group) in Dictionary(grouping: stores, by: \.access.buffer) where group.count > 1 {
      let axes = plan.program[buffer].extents.indices
      let ranges = axes.map { axis in group.compactMap { $0.access.indices[axis].range(in: $0.space) } }
      let apart = axes.contains { isApart(ranges[$0]) } || isPairwiseApart(ranges, group.map(\.access))
      if !apart { throw Diagnostic("'\(plan.program[buffer].name)' is stored to twice at the same time") }
    }
  }

  // MARK: Products

  private func verify(_ product: Contraction) throws {
    try verifySpace(product.extents)
    guard product.k >= 1, max(product.m, product.n, product.k) < 1 << 31 else { throw Diagnostic("impossible product") }
    try verifyOperands(product)
    // It looks into windows that must be whole.
    if let complaint = product.tilingComplaint { throw Diagnostic(complaint) }
    guard !product.nest.writes.isEmpty else { throw Diagnostic("a product stores nothing") }
    let body = BodyVerifier(
      plan: plan, extents: product.extents, rows: [], locals: [], written: [], accumulator: product.dtype)
    try body.verify(product.epilogue)
    for store in product.stores { try body.verify(store, product.epilogue) }
    if let rows = product.rows { try verify(rows, product) }
    for nest in product.beside ?? [] { try verify(nest) }
    try verifyApart(product.nests)
  }

  private func verify(_ rows: Contraction.Rows, _ product: Contraction) throws {
    let stages = product.nest.stages
    for reduction in rows.reductions { try verify(reduction, stages[0]) }
    let body = BodyVerifier(
      plan: plan, extents: product.batch + [product.m], rows: rows.reductions.flatMap(\.resultTypes), locals: [],
      written: [], accumulator: nil)
    try body.verify(rows.body)
    for store in rows.stores { try body.verify(store, rows.body) }
  }

  private func verifyOperands(_ product: Contraction) throws {
    let (lhs, rhs) = (product.lhs, product.rhs)
    let left = try verified(lhs.terms ?? AxisGroup([], []))
    let right = try verified(rhs.terms ?? AxisGroup([], []))
    guard product.k % left == 0, product.k % right == 0, left == 1 || rhs.windows != nil,
      right == 1 || lhs.windows != nil, lhs.windows == nil || rhs.windows == nil
    else {
      throw Diagnostic("a product's terms do not fit")
    }
    if let windows = lhs.windows {
      try verify(lhs, windows, rows: product.m, columns: product.k, product)
    } else {
      try verify(lhs, rows: product.m, columns: product.k / left, product)
    }
    if let windows = rhs.windows {
      try verify(rhs, windows, rows: product.k, columns: product.n, product)
    } else {
      try verify(rhs, rows: product.k / right, columns: product.n, product)
    }
  }

  private func verify(
    _ operand: MatrixOperand, _ windows: MatrixOperand.Windows, rows: Int, columns: Int, _ product: Contraction
  ) throws {
    guard product.dtype == .f32, try verified(windows.rows) == rows, try verified(windows.columns) == columns else {
      throw Diagnostic("a product's windows do not fit")
    }
    try verifyReach(
      operand, windows.rows.extents + windows.columns.extents, windows.rows.strides + windows.columns.strides, product)
  }

  /// The number of elements of a group of axes.
  private func verified(_ group: AxisGroup) throws -> Int {
    guard group.extents.count == group.strides.count, group.extents.count <= AxisGroup.maximumRank else {
      throw Diagnostic("impossible axes of an operand")
    }
    return try PlanVerifier.points(group.extents, Diagnostic("impossible axes of an operand"))
  }

  /// Checks that an operand stays in its buffer.
  private func verifyReach(_ operand: MatrixOperand, _ extents: [Int], _ strides: [Int], _ product: Contraction) throws
  {
    let buffer = plan.program[operand.buffer]
    guard buffer.dtype == product.dtype, operand.batchStrides.count == product.batch.count else {
      throw Diagnostic("an operand does not fit its product")
    }
    var reach = operand.offset
    for (extent, stride) in zip(product.batch + extents, operand.batchStrides + strides) {
      guard extent >= 1, stride >= 0 else { throw Diagnostic("an operand has a negative stride") }
      reach = try Overflow.add(reach, try Overflow.multiply(extent - 1, stride))
    }
    guard operand.offset >= 0, reach < buffer.count else { throw Diagnostic("an operand reaches outside its buffer") }
  }

  private func verify(_ operand: MatrixOperand, rows: Int, columns: Int, _ product: Contraction) throws {
    let terms = operand.terms ?? AxisGroup([], [])
    try verifyReach(
      operand, [rows, columns] + terms.extents, [operand.rowStride, operand.columnStride] + terms.strides, product)
    // A product walks through a matrix whose rows, or whose columns, lie side by side without overlap.
    let byRows = (operand.columnStride == 1 || columns == 1) && (operand.rowStride >= columns || rows == 1)
    let byColumns = (operand.rowStride == 1 || rows == 1) && (operand.columnStride >= rows || columns == 1)
    guard byRows || (byColumns && operand.columnStride != 1 && columns != 1),
      max(operand.rowStride, operand.columnStride) < 1 << 31
    else { throw Diagnostic("an operand has strides that a product cannot take") }
  }

  // MARK: Scatter

  private func verify(_ scatter: Scatter) throws {
    try verifySpace(scatter.space)
    let body = BodyVerifier(
      plan: plan, extents: scatter.space, rows: [], locals: [], written: [], accumulator: nil)
    try body.verify(scatter.body)
    try body.verifyTarget(Store(scatter.target, scatter.value), scatter.body)
    let (target, base) = (plan.program[scatter.target.buffer], plan.program[scatter.base])
    guard target.dtype == base.dtype, target.count == base.count,
      target.layout == .rowMajor(target.extents), base.layout == .rowMajor(base.extents)
    else {
      throw Diagnostic("a scatter's base does not fit its target")
    }
    if let combiner = scatter.combiner, combiner.resultCount > 1 {
      throw Diagnostic("a scatter cannot combine by position")
    }
  }
}

/// Checks a body: operands before use, types, bounds.
struct BodyVerifier {
  let plan: Plan
  let extents: [Int]
  let rows: [DType]
  let locals: [DType]
  /// Row-local arrays that earlier stages wrote.
  let written: Set<Int>
  let accumulator: DType?

  func verify(_ body: [Instruction]) throws {
    guard body.count <= 65536 else { throw Diagnostic("a body has too many instructions") }
    for (index, step) in body.enumerated() {
      guard step.operands.allSatisfy({ $0 >= 0 && $0 < index }) else {
        throw Diagnostic("instruction \(index) uses a value before it is computed")
      }
      guard try isWellTyped(step, body) else { throw Diagnostic("instruction \(index) is not well typed") }
    }
  }

  private func isWellTyped(_ step: Instruction, _ body: [Instruction]) throws -> Bool {
    switch step.operation {
    case .constant(let scalar): return scalar.converted(to: step.dtype) == scalar || isNaN(scalar)
    case .index(let expression):
      return expression.isCanonical && expression.range(in: extents) != nil && step.dtype.isNumeric
        && step.dtype.computeType == step.dtype
    case .load(let access):
      try verify(access, body)
      return plan.program[access.buffer].dtype == step.dtype
    case .apply(let function, let operands):
      return isWellTyped(function, operands.map { body[$0].dtype }, step.dtype)
    case .cast: return true
    case .bits(let operand): return body[operand].dtype.byteSize == step.dtype.byteSize && step.dtype != .bool
    case .rowValue(let row): return rows.indices.contains(row) && rows[row] == step.dtype
    case .local(let local):
      return locals.indices.contains(local) && locals[local] == step.dtype && written.contains(local)
    case .accumulator: return accumulator == step.dtype
    case .random(let kind, let key, let element):
      let buffer = plan.program[key]
      guard element.isCanonical, let range = element.range(in: extents), range.lowerBound >= 0 else { return false }
      let typed = kind == .fold ? step.dtype == .i32 : step.dtype == .f32 || step.dtype == .f64
      return buffer.dtype == .i32 && buffer.count == 2 && typed
    }
  }

  private func isNaN(_ scalar: Scalar) -> Bool { if case .float(let value) = scalar { value.isNaN } else { false } }

  private func isWellTyped(_ function: ScalarFunction, _ types: [DType], _ result: DType) -> Bool {
    guard types.count == function.arity else { return false }
    if function == .select { return types[0] == .bool && types[1] == types[2] && types[1] == result }
    guard types.allSatisfy({ $0 == types[0] }), types[0].computeType == types[0] else { return false }
    if function.isLogical { return types[0] == .bool && result == .bool }
    if function.isOfFloats && !types[0].isFloat || function.isOfBits && !types[0].isInteger { return false }
    return function.isComparison ? result == .bool : types[0] == result && result.isNumeric
  }

  /// A store goes to known places, one for each point: threads never write to the same element.
  func verify(_ store: Store, _ body: [Instruction]) throws {
    guard store.access.indices.allSatisfy(\.hasNoValues) else {
      throw Diagnostic("a store goes to a run-time index")
    }
    try verifyTarget(store, body)
    if let axis = DistinctPlaces(store.access.indices, in: extents).openAxis {
      throw Diagnostic("a store to '\(plan.program[store.access.buffer].name)' may be the same along loop \(axis)")
    }
  }

  /// A store, perhaps to places that are checked when it runs.
  func verifyTarget(_ store: Store, _ body: [Instruction]) throws {
    guard body.indices.contains(store.value) else { throw Diagnostic("a store has no value") }
    guard store.access.fill == nil else { throw Diagnostic("a store is guarded") }
    try verify(store.access, body)
    guard body[store.value].dtype == plan.program[store.access.buffer].dtype else {
      throw Diagnostic("a store does not fit its buffer's type")
    }
  }

  /// Checks that an access is in bounds for every point of the loops, or is checked when it runs.
  func verify(_ access: Access, _ body: [Instruction]) throws {
    guard plan.program.buffers.indices.contains(access.buffer.index) else {
      throw Diagnostic("a buffer does not exist")
    }
    let buffer = plan.program[access.buffer]
    guard access.indices.count == buffer.extents.count else { throw Diagnostic("an access has the wrong rank") }
    if let node = access.node, plan.node(node) == nil { throw Diagnostic("an access names a node that does not exist") }
    for (axis, index) in access.indices.enumerated() {
      guard index.isCanonical else { throw Diagnostic("an index expression is not in its canonical form") }
      let values = index.values
      if !values.isEmpty {
        guard index.isWellFormed(in: extents), values.allSatisfy({ isInteger($0, body) }) else {
          throw Diagnostic("an access has a run-time index that is no integer")
        }
        continue
      }
      guard let range = index.range(in: extents), range.lowerBound.magnitude <= UInt(PlanVerifier.largest),
        range.upperBound.magnitude <= UInt(PlanVerifier.largest)
      else { throw Diagnostic("an index has no bounds") }
      if range.lowerBound < 0 || range.upperBound >= buffer.extents[axis] {
        guard access.fill != nil else {
          throw Diagnostic("an access of '\(buffer.name)' leaves axis \(axis)")
        }
      }
    }
  }

  private func isInteger(_ value: Int, _ body: [Instruction]) -> Bool {
    body.indices.contains(value) && (body[value].dtype == .i32 || body[value].dtype == .i64)
  }
}
