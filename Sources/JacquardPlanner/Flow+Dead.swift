import JacquardCore
import JacquardKernels

extension Flow {
  /// The flow without its stores to some buffers, and without what only they needed. Where nothing asks for the position of an
  /// extreme value any more, the value alone is reduced.
  func withoutStores(to dead: [BufferID]) -> Flow {
    let kept = stores.filter { !dead.contains($0.access.buffer) }
    let needed = Needed(self, for: kept)
    var result = Flow(outer: outer, inner: inner, order: order)
    var (map, rows) = ([Int: Int](), [Int: Int]())
    var next = 0
    func copyReductions(before step: Int) {
      while next < reductions.count, reductions[next].value < step {
        if needed.reductions.contains(next) { copy(next, needed, map, &rows, to: &result) }
        next += 1
      }
    }
    for (index, step) in steps.enumerated() {
      copyReductions(before: index)
      if !needed.steps.contains(index) { continue }
      var changed = step.mappingOperands { map[$0] ?? 0 }
      if case .rowValue(let row) = step.operation { changed.operation = .rowValue(rows[row] ?? 0) }
      map[index] = result.append(changed)
    }
    copyReductions(before: steps.count)
    result.stores = kept.map { store in
      Store(store.access.mapIndices { $0.mappingValues { map[$0] ?? 0 } }, map[store.value] ?? 0)
    }
    return result.withoutIdleLoops()
  }

  private func copy(_ index: Int, _ needed: Needed, _ map: [Int: Int], _ rows: inout [Int: Int], to result: inout Flow)
  {
    var reduction = reductions[index]
    reduction.value = map[reduction.value] ?? 0
    if let alone = reduction.combiner.withoutPosition, !needed.positions.contains(index) { reduction.combiner = alone }
    let first = result.reduce(reduction)
    for (row, value) in rowValues.enumerated() where value.reduction == index { rows[row] = first + value.result }
  }

  /// Inner loops in which nothing is done any more are gone.
  private func withoutIdleLoops() -> Flow {
    if inner.isEmpty || !reductions.isEmpty || varies.contains(true) { return self }
    if stores.contains(where: { $0.access.indices.contains(where: runsInside) }) { return self }
    var result = self
    result.inner = []
    return result
  }

  /// What some stores depend on.
  private struct Needed {
    var steps: Set<Int> = []
    var reductions: Set<Int> = []
    /// Reductions of which a position is asked for.
    var positions: Set<Int> = []

    init(_ flow: Flow, for stores: [Store]) {
      var stack = stores.flatMap { [$0.value] + $0.access.indices.flatMap(\.values) }
      while let index = stack.popLast() {
        if !steps.insert(index).inserted { continue }
        stack += flow.steps[index].operands
        guard case .rowValue(let row) = flow.steps[index].operation else { continue }
        let value = flow.rowValues[row]
        stack.append(flow.reductions[value.reduction].value)
        reductions.insert(value.reduction)
        if value.result == 1 { positions.insert(value.reduction) }
      }
    }
  }
}

extension Combiner {
  /// What gives the extreme value alone; nil for a combiner that gives no position.
  fileprivate var withoutPosition: Combiner? {
    switch self {
    case .argmax: .maximum
    case .argmin: .minimum
    default: nil
    }
  }
}
