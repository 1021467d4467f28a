import JacquardCore
import JacquardKernels

extension Flow {
  /// Cuts the flow into stages: one pass over the inner space for each level of reductions.
  ///
  /// A value that a later pass needs again is computed again if that is cheap, else kept in a row-local array, so
  /// that for example a softmax computes one exponential an element.
  func staged() -> LoopNest {
    if inner.isEmpty && reductions.isEmpty {
      return LoopNest(outer: outer, stages: [Stage(body: steps, stores: stores).compacted()], order: order)
    }
    var builder = StageBuilder(flow: self)
    return builder.build()
  }

  /// Whether a step, or one that it is computed from at each point, is expensive.
  var expensive: [Bool] {
    var result = [Bool](repeating: false, count: steps.count)
    for (index, step) in steps.enumerated() {
      let own: Bool
      switch step.operation {
      case .apply(let function, _): own = function.cost >= 10
      case .random: own = true
      default: own = false
      }
      result[index] = own || step.operands.contains { result[$0] }
    }
    return result
  }
}

/// Distributes the steps of a flow over stages.
private struct StageBuilder {
  let flow: Flow
  let levels: [Int]
  let varies: [Bool]
  let expensive: [Bool]
  /// Number of the row-local array that keeps a step.
  var localOf: [Int: Int] = [:]
  var locals: [DType] = []

  init(flow: Flow) {
    self.flow = flow
    levels = flow.levels
    varies = flow.varies
    expensive = flow.expensive
  }

  /// What a stage must produce.
  struct Work {
    var isRow: Bool
    var level: Int
    var reductions: [Int] = []
    var stores: [Store] = []
  }

  mutating func build() -> LoopNest {
    let works = plan()
    for work in works where !work.isRow { collectLocals(work) }
    // Row values are numbered in the order in which stages produce them.
    var rowNumber = [Int](repeating: 0, count: flow.rowValues.count)
    var next = 0
    for work in works {
      for reduction in work.reductions {
        for (k, row) in flow.rowValues.enumerated() where row.reduction == reduction {
          rowNumber[k] = next + row.result
        }
        next += flow.reductions[reduction].combiner.resultCount
      }
    }
    let stages = works.map { stage($0, rowNumber) }
    return LoopNest(outer: flow.outer, stages: stages, order: flow.order, locals: locals)
  }

  private func plan() -> [Work] {
    let top = (levels.max() ?? 0)
    var works: [Work] = []
    for level in 0...top {
      var rows = Work(isRow: true, level: level)
      var elements = Work(isRow: false, level: level)
      for store in flow.stores where storeLevel(store) == level {
        if storeVaries(store) { elements.stores.append(store) } else { rows.stores.append(store) }
      }
      elements.reductions = flow.reductions.indices.filter { levels[flow.reductions[$0].value] == level }
      if !rows.stores.isEmpty { works.append(rows) }
      if !elements.stores.isEmpty || !elements.reductions.isEmpty { works.append(elements) }
    }
    return works
  }

  private func storeLevel(_ store: Store) -> Int {
    ([store.value] + store.access.indices.flatMap(\.values)).map { levels[$0] }.max() ?? 0
  }

  private func storeVaries(_ store: Store) -> Bool {
    varies[store.value] || store.access.indices.contains(where: flow.runsInside)
      || store.access.indices.flatMap(\.values).contains { varies[$0] }
  }

  private func roots(_ work: Work) -> [Int] {
    work.reductions.map { flow.reductions[$0].value }
      + work.stores.flatMap { [$0.value] + $0.access.indices.flatMap(\.values) }
  }

  /// Marks the steps that this stage would compute again although an earlier one did and it is expensive.
  private mutating func collectLocals(_ work: Work) {
    var stack = roots(work)
    var seen: Set<Int> = []
    while let step = stack.popLast() {
      guard seen.insert(step).inserted else { continue }
      if levels[step] < work.level && varies[step] && expensive[step] {
        if localOf[step] == nil {
          localOf[step] = locals.count
          locals.append(flow.steps[step].dtype)
        }
        continue
      }
      stack += flow.steps[step].operands
    }
  }

  private func stage(_ work: Work, _ rowNumber: [Int]) -> Stage {
    let kept = work.isRow ? [] : localOf.filter { levels[$0.key] == work.level }.sorted { $0.value < $1.value }
    var wanted: Set<Int> = []
    var stack = roots(work) + kept.map(\.key)
    while let step = stack.popLast() {
      guard wanted.insert(step).inserted else { continue }
      if !isRead(step, work) { stack += flow.steps[step].operands }
    }
    var map: [Int: Int] = [:]
    var body: [Instruction] = []
    for step in wanted.sorted() {
      map[step] = body.count
      body.append(renumbered(step, work, map, rowNumber))
    }
    func moved(_ access: Access) -> Access { access.mapIndices { $0.mappingValues { map[$0] ?? 0 } } }
    return Stage(
      inner: work.isRow ? [] : flow.inner, body: body,
      reductions: work.reductions.map { index in
        let reduction = flow.reductions[index]
        return Reduction(reduction.combiner, map[reduction.value] ?? 0, reduction.dtype)
      },
      stores: work.stores.map { Store(moved($0.access), map[$0.value] ?? 0) },
      localStores: kept.map { Stage.LocalStore(local: $0.value, value: map[$0.key] ?? 0) })
  }

  /// Whether this stage reads a step from its row-local array.
  private func isRead(_ step: Int, _ work: Work) -> Bool { localOf[step] != nil && levels[step] < work.level }

  private func renumbered(_ index: Int, _ work: Work, _ map: [Int: Int], _ rowNumber: [Int]) -> Instruction {
    let step = flow.steps[index]
    if isRead(index, work), let local = localOf[index] { return Instruction(.local(local), step.dtype) }
    func at(_ value: Int) -> Int { map[value] ?? 0 }
    switch step.operation {
    case .apply(let function, let operands): return Instruction(.apply(function, operands.map(at)), step.dtype)
    case .cast(let operand): return Instruction(.cast(at(operand)), step.dtype)
    case .bits(let operand): return Instruction(.bits(at(operand)), step.dtype)
    case .load(let access): return Instruction(.load(access.mapIndices { $0.mappingValues(at) }), step.dtype)
    case .rowValue(let row): return Instruction(.rowValue(rowNumber[row]), step.dtype)
    case .constant, .index, .local, .accumulator, .random: return step
    }
  }
}

extension Stage {
  /// Without instructions that nothing uses.
  func compacted() -> Stage {
    var used: Set<Int> = []
    var stack = stores.flatMap { [$0.value] + $0.access.indices.flatMap(\.values) }
    stack += reductions.map(\.value) + localStores.map(\.value)
    while let step = stack.popLast() { if used.insert(step).inserted { stack += body[step].operands } }
    if used.count == body.count { return self }
    var map: [Int: Int] = [:]
    var result = self
    result.body = []
    for step in used.sorted() {
      map[step] = result.body.count
      result.body.append(body[step].mappingOperands { map[$0] ?? 0 })
    }
    result.stores = stores.map { store in
      Store(store.access.mapIndices { $0.mappingValues { map[$0] ?? 0 } }, map[store.value] ?? 0)
    }
    result.reductions = reductions.map { Reduction($0.combiner, map[$0.value] ?? 0, $0.dtype) }
    result.localStores = localStores.map { Stage.LocalStore(local: $0.local, value: map[$0.value] ?? 0) }
    return result
  }
}

extension Instruction {
  /// The instruction with the numbers of its operands mapped.
  func mappingOperands(_ transform: (Int) -> Int) -> Instruction {
    switch operation {
    case .apply(let function, let operands): Instruction(.apply(function, operands.map(transform)), dtype)
    case .cast(let operand): Instruction(.cast(transform(operand)), dtype)
    case .bits(let operand): Instruction(.bits(transform(operand)), dtype)
    case .load(let access):
      Instruction(.load(access.mapIndices { $0.mappingValues(transform) }), dtype)
    case .index(let expression): Instruction(.index(expression.mappingValues(transform)), dtype)
    case .random(let kind, let key, let element):
      Instruction(.random(kind, key: key, element: element.mappingValues(transform)), dtype)
    case .constant, .rowValue, .local, .accumulator: self
    }
  }
}
