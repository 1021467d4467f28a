import JacquardCore
import JacquardKernels

extension Kernel {
  /// Whether it may run a second time in a step: then all that could stop the step has been checked by the first run. What it computes
  /// depends on nothing but what it reads: draws, too, are functions of a key and a position.
  var isRepeatable: Bool {
    switch kind {
    case .loops, .contraction, .scatter: true
    case .library, .control: !canFail
    }
  }

  /// Whether it can do less than all.
  var isDivisible: Bool {
    switch kind {
    case .loops, .contraction: writes.count > 1
    case .scatter, .library, .control: false
    }
  }

  /// The kernel without what it does for other results than the wanted ones, of which there must be one. A routine or a loop over
  /// programs, which cannot do less, stays whole.
  func keeping(_ wanted: Set<BufferID>) -> Kernel {
    if writes.allSatisfy(wanted.contains) { return self }
    var result = self
    switch kind {
    case .loops(let nests): result.kind = .loops(nests.compactMap { $0.keeping(wanted) })
    case .contraction(let product): result.kind = .contraction(product.keeping(wanted))
    case .scatter, .library, .control: break
    }
    return result
  }

  /// The kernel as a second run of it: its indices have been found in range.
  func withChecksDone() -> Kernel {
    var result = self
    switch kind {
    case .loops(let nests):
      result.kind = .loops(
        nests.map { nest in
          var nest = nest
          for k in nest.stages.indices { nest.stages[k].body = nest.stages[k].body.withChecksDone() }
          return nest
        })
    case .contraction(var product):
      product.epilogue = product.epilogue.withChecksDone()
      if let rows = product.rows {
        product.rows = .init(reductions: rows.reductions, body: rows.body.withChecksDone(), stores: rows.stores)
      }
      result.kind = .contraction(product)
    case .scatter(var scatter):
      scatter.body = scatter.body.withChecksDone()
      if scatter.target.isChecked { scatter.target.wasChecked = true }
      result.kind = .scatter(scatter)
    case .library, .control: break
    }
    return result
  }
}

extension [Instruction] {
  fileprivate func withChecksDone() -> [Instruction] {
    map { step in
      guard case .load(var access) = step.operation, access.isChecked else { return step }
      access.wasChecked = true
      return Instruction(.load(access), step.dtype)
    }
  }
}

extension LoopNest {
  /// nil if it stores nothing wanted.
  fileprivate func keeping(_ wanted: Set<BufferID>) -> LoopNest? {
    var result = self
    for k in stages.indices { result.stages[k].stores = stages[k].stores.filter { wanted.contains($0.access.buffer) } }
    guard let last = result.stages.lastIndex(where: { !$0.stores.isEmpty }) else { return nil }
    result.stages.removeLast(stages.count - 1 - last)
    // Nothing comes after the last stage that could use what it reduces or leaves in local arrays.
    (result.stages[last].reductions, result.stages[last].localStores) = ([], [])
    result.stages = result.stages.map { $0.compacted() }
    return result
  }
}

extension Contraction {
  fileprivate func keeping(_ wanted: Set<BufferID>) -> Contraction {
    var result = self
    let whole = rows.map { Stage(body: $0.body, stores: $0.stores.filter { wanted.contains($0.access.buffer) }) }
    let kept = whole.flatMap { $0.stores.isEmpty ? nil : $0.compacted() }
    let elements = Stage(
      body: epilogue, reductions: kept == nil ? [] : rows?.reductions ?? [],
      stores: stores.filter { wanted.contains($0.access.buffer) }
    ).compacted()
    (result.epilogue, result.stores) = (elements.body, elements.stores)
    result.rows = kept.map { Rows(reductions: elements.reductions, body: $0.body, stores: $0.stores) }
    result.beside = beside.map { nests in nests.compactMap { $0.keeping(wanted) } }
    return result
  }
}
