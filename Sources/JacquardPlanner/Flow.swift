import JacquardCore
import JacquardKernels

/// A loop nest as data flow, without stages: what fusion works on.
///
/// Steps are in SSA order; a step that depends on inner axes is computed at each inner point, the others once an outer
/// point. Reductions turn steps into row values. `staged()` cuts the flow into the fewest passes over the inner space.
struct Flow: Sendable {
  var outer: [Int]
  var inner: [Int]
  var order: LoopNest.Order
  private(set) var steps: [Instruction] = []
  private(set) var reductions: [Reduction] = []
  var stores: [Store] = []
  private var known = StepTable()
  /// Row values: number of the reduction and of its result.
  private(set) var rowValues: [RowValue] = []

  struct RowValue: Hashable, Sendable {
    var reduction: Int
    var result: Int
  }

  init(outer: [Int], inner: [Int], order: LoopNest.Order) {
    self.outer = outer
    self.inner = inner
    self.order = order
  }

  var extents: [Int] { outer + inner }
  /// Whether there is nothing but a map over the outer space.
  var isMap: Bool { inner.isEmpty && reductions.isEmpty }

  /// Adds a step, or finds it. Only an access that is checked when it runs needs to say for which node it is.
  mutating func append(_ original: Instruction) -> Int {
    var step = original
    if case .load(var access) = step.operation, access.node != nil, access.indices.allSatisfy(\.hasNoValues) {
      access.node = nil
      step.operation = .load(access)
    }
    let hash = StepTable.hash(step)
    if let index = known.find(step, hash, in: steps) { return index }
    steps.append(step)
    known.append(hash)
    return steps.count - 1
  }

  /// Adds a reduction, or finds it; gives the number of its first row value.
  mutating func reduce(_ reduction: Reduction) -> Int {
    if let index = reductions.firstIndex(of: reduction) {
      return rowValues.firstIndex { $0.reduction == index } ?? rowValues.count
    }
    let first = rowValues.count
    for result in 0..<reduction.combiner.resultCount {
      rowValues.append(RowValue(reduction: reductions.count, result: result))
    }
    reductions.append(reduction)
    return first
  }

  // MARK: Copying with changes

  /// Copies a flow's steps, reductions and stores into this one.
  ///
  /// - Parameters:
  ///   - axes: an expression of this flow's axes for each axis of the other.
  ///   - replacing: may give a step of this flow in place of a load (whose indices are already those of this flow).
  ///   - keepStore: which stores to keep.
  mutating func absorb(
    _ other: Flow, axes: [IndexExpression], replacing: (inout Flow, Access) -> Int? = { _, _ in nil },
    keepStore: (Store) -> Bool = { _ in true }
  ) -> [Int] {
    var map = [Int](repeating: 0, count: other.steps.count)
    var rows = [Int](repeating: 0, count: other.rowValues.count)
    var nextReduction = 0
    for (index, step) in other.steps.enumerated() {
      while nextReduction < other.reductions.count, other.isReady(nextReduction, before: index) {
        copyReduction(other, nextReduction, map, &rows)
        nextReduction += 1
      }
      map[index] = copyStep(step, map, rows, axes, replacing)
    }
    while nextReduction < other.reductions.count {
      copyReduction(other, nextReduction, map, &rows)
      nextReduction += 1
    }
    for store in other.stores where keepStore(store) {
      let access = store.access.mapIndices { $0.substituting(axes: axes, values: { map[$0] }, in: extents) }
      let copy = Store(access, map[store.value])
      if !stores.contains(copy) { stores.append(copy) }
    }
    return map
  }

  /// Reductions are copied as soon as their operand is there, so that row values precede their uses.
  private func isReady(_ reduction: Int, before step: Int) -> Bool { reductions[reduction].value < step }

  private mutating func copyReduction(_ other: Flow, _ index: Int, _ map: [Int], _ rows: inout [Int]) {
    var copy = other.reductions[index]
    copy.value = map[copy.value]
    let first = reduce(copy)
    for (k, row) in other.rowValues.enumerated() where row.reduction == index { rows[k] = first + row.result }
  }

  private mutating func copyStep(
    _ step: Instruction, _ map: [Int], _ rows: [Int], _ axes: [IndexExpression],
    _ replacing: (inout Flow, Access) -> Int?
  ) -> Int {
    let operation: Instruction.Operation
    switch step.operation {
    case .load(let access):
      let target = access.mapIndices { $0.substituting(axes: axes, values: { map[$0] }, in: extents) }
      if let value = replacing(&self, target) { return value }
      operation = .load(target)
    case .apply(let function, let operands): operation = .apply(function, operands.map { map[$0] })
    case .cast(let operand): operation = .cast(map[operand])
    case .bits(let operand): operation = .bits(map[operand])
    case .rowValue(let row): operation = .rowValue(rows[row])
    case .index(let expression):
      operation = .index(expression.substituting(axes: axes, values: { map[$0] }, in: extents))
    case .random(let kind, let key, let element):
      operation = .random(kind, key: key, element: element.substituting(axes: axes, values: { map[$0] }, in: extents))
    case .constant, .local, .accumulator: operation = step.operation
    }
    return append(Instruction(operation, step.dtype))
  }
}

// MARK: - Questions

extension Flow {
  /// The flow of a product's result with its columns as inner loop, so that rows may be reduced.
  func withColumnsInside() -> Flow {
    if !inner.isEmpty { return self }
    var result = self
    result.inner = [result.outer.removeLast()]
    return result
  }

  /// Whether it computes and stores the same as another map, but for the buffers that it stores to.
  func does(as other: Flow) -> Bool {
    outer == other.outer && steps == other.steps && stores.count == other.stores.count
      && zip(stores, other.stores).allSatisfy { $0.value == $1.value && $0.access.indices == $1.access.indices }
  }

  /// Whether one pass over the inner space does: all that follows its reductions is done once a row.
  var isOnePass: Bool {
    if reductions.isEmpty { return true }
    let (levels, varies) = (levels, varies)
    func isLate(_ step: Int) -> Bool { levels[step] > 0 }
    return order == .lanes && !steps.indices.contains { isLate($0) && varies[$0] }
      && !reductions.contains { isLate($0.value) }
      && !stores.contains { isLate($0.value) && $0.access.indices.contains(where: runsInside) }
  }

  var loads: [Access] {
    var result: [Access] = []
    for step in steps { if case .load(let access) = step.operation { result.append(access) } }
    return result
  }

  /// Whether it loads in a way that a condition holds for.
  func hasLoad(where condition: (Access) -> Bool) -> Bool {
    for step in steps { if case .load(let access) = step.operation, condition(access) { return true } }
    return false
  }

  /// How many steps are loads.
  var loadCount: Int { steps.reduce(0) { if case .load = $1.operation { $0 + 1 } else { $0 } } }

  func writes(_ buffer: BufferID) -> Bool { stores.contains { $0.access.buffer == buffer } }

  var reads: [BufferID] { steps.reads }
  var writes: [BufferID] { stores.map(\.access.buffer) }

  /// Rough cost of one point.
  var cost: Int {
    steps.reduce(0) { total, step in
      switch step.operation {
      case .apply(let function, _): total + function.cost
      case .random: total + 30
      default: total
      }
    }
  }

  /// Whether each step varies along an inner axis.
  var varies: [Bool] {
    var result = [Bool](repeating: false, count: steps.count)
    for (index, step) in steps.enumerated() {
      let own: Bool
      switch step.operation {
      case .load(let access): own = access.indices.contains(where: runsInside)
      case .index(let expression), .random(_, _, let expression): own = runsInside(expression)
      default: own = false
      }
      result[index] = own || step.operands.contains { result[$0] }
    }
    return result
  }

  /// Whether an expression mentions an inner axis.
  func runsInside(_ expression: IndexExpression) -> Bool { expression.hasAxis { $0 >= outer.count } }

  /// The number of reductions that must be finished one after the other before each step.
  var levels: [Int] {
    var stepLevels = [Int](repeating: 0, count: steps.count)
    var reductionLevels = [Int](repeating: 0, count: reductions.count)
    var next = 0
    for (index, step) in steps.enumerated() {
      while next < reductions.count, reductions[next].value < index {
        reductionLevels[next] = stepLevels[reductions[next].value]
        next += 1
      }
      var level = step.operands.map { stepLevels[$0] }.max() ?? 0
      if case .rowValue(let row) = step.operation { level = reductionLevels[rowValues[row].reduction] + 1 }
      stepLevels[index] = level
    }
    return stepLevels
  }
}
