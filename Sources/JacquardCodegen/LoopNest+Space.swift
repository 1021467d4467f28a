import JacquardKernels

extension LoopNest {
  /// A map with the last axis as inner loop, if a place is known only when it runs: it is then found once a row.
  package func inRows() -> LoopNest {
    guard stages.count == 1, stages[0].inner.isEmpty, stages[0].reductions.isEmpty, let last = outer.last, last >= 8,
      stages[0].body.contains(where: \.isIndirectLoad)
    else { return self }
    var result = self
    result.outer.removeLast()
    result.stages[0].inner = [last]
    return result
  }

  /// Whether reductions run down columns: a lane an outer point.
  package var isColumns: Bool { order == .sequential && stages.contains { !$0.reductions.isEmpty } }
}

extension Space {
  /// The loops of a nest.
  ///
  /// - Parameters:
  ///   - extra: an access that the nest's owner makes itself (the target of a scatter).
  ///   - joinsRepeated: see the other initialiser.
  package init(_ nest: LoopNest, _ program: KernelProgram, extra: Access? = nil, joinsRepeated: Bool = false) {
    let inner = nest.stages.map(\.inner).first { !$0.isEmpty } ?? []
    let extents = nest.outer + inner
    var expressions: [IndexExpression] = []
    func add(_ access: Access) {
      expressions += AccessForm.expressions(access, program[access.buffer], extents: extents)
    }
    if let extra { add(extra) }
    for stage in nest.stages {
      for step in stage.body {
        switch step.operation {
        case .load(let access): add(access)
        case .index(let expression), .random(_, _, let expression): expressions.append(expression)
        default: break
        }
      }
      for store in stage.stores { add(store.access) }
    }
    self.init(outer: nest.outer, inner: inner, expressions: expressions, joinsRepeated: joinsRepeated && inner.isEmpty)
  }
}

extension Instruction {
  fileprivate var isIndirectLoad: Bool {
    if case .load(let access) = operation { !access.indices.allSatisfy(\.hasNoValues) } else { false }
  }
}
