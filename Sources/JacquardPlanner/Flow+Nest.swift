import JacquardCore
import JacquardKernels

extension Flow {
  /// The data flow of a nest that an operation emitted (without row-local arrays); nil if its stages have different
  /// inner spaces.
  init?(_ nest: LoopNest) {
    let inner = nest.stages.map(\.inner).first { !$0.isEmpty } ?? []
    guard nest.locals.isEmpty, nest.stages.allSatisfy({ $0.inner.isEmpty || $0.inner == inner }) else { return nil }
    self.init(outer: nest.outer, inner: inner, order: nest.order)
    var rows: [Int] = []
    for stage in nest.stages {
      guard let map = append(body: stage.body, rows: rows) else { return nil }
      for reduction in stage.reductions {
        let first = reduce(Reduction(reduction.combiner, map[reduction.value], reduction.dtype))
        rows += (0..<reduction.combiner.resultCount).map { first + $0 }
      }
      for store in stage.stores {
        let access = store.access.mapIndices { $0.mappingValues { map[$0] } }
        stores.append(Store(access, map[store.value]))
      }
    }
  }

  private mutating func append(body: [Instruction], rows: [Int]) -> [Int]? {
    var map: [Int] = []
    for step in body {
      var step = step
      switch step.operation {
      case .apply(let function, let operands): step.operation = .apply(function, operands.map { map[$0] })
      case .cast(let operand): step.operation = .cast(map[operand])
      case .bits(let operand): step.operation = .bits(map[operand])
      case .load(let access): step.operation = .load(access.mapIndices { $0.mappingValues { map[$0] } })
      case .rowValue(let row):
        guard row < rows.count else { return nil }
        step.operation = .rowValue(rows[row])
      case .local: return nil
      case .constant, .index, .random, .accumulator: break
      }
      map.append(append(step))
    }
    return map
  }

  /// The flow with axes cut in two where indices divide them: a view that splits an axis is then read along whole axes. The order of
  /// the points stays.
  func splittingAxes() -> Flow {
    var flow = self
    for _ in 0..<LoopNest.mostSplits {
      guard let next = flow.splittingOneAxis() else { break }
      flow = next
    }
    return flow
  }

  private func splittingOneAxis() -> Flow? {
    let expressions = (loads + stores.map(\.access)).flatMap(\.indices)
    guard let (axis, divisor) = expressions.compactMap({ $0.axisToSplit(extents) }).max(by: { $0.divisor < $1.divisor })
    else { return nil }
    var parts = extents
    parts[axis...axis] = [extents[axis] / divisor, divisor]
    let axes = extents.indices.map { old -> IndexExpression in
      if old == axis { return .axis(axis) * divisor + .axis(axis + 1) }
      return .axis(old < axis ? old : old + 1)
    }
    let split = outer.count + (axis < outer.count ? 1 : 0)
    var result = Flow(outer: Array(parts[..<split]), inner: Array(parts[split...]), order: order)
    _ = result.absorb(self, axes: axes)
    return result
  }

  /// Axes of extent 1 add nothing: a flow without them, with index 0 in their place.
  func withoutUnitAxes() -> Flow {
    guard extents.contains(1) else { return self }
    let keptOuter = outer.indices.filter { outer[$0] != 1 }
    let keptInner = inner.indices.filter { inner[$0] != 1 }
    // A reduction needs at least one inner axis to run over.
    let lastInner = keptInner.isEmpty && !reductions.isEmpty ? [inner.count - 1] : keptInner
    let kept = keptOuter + lastInner.map { $0 + outer.count }
    var axes = [IndexExpression](repeating: IndexExpression(0), count: extents.count)
    for (position, axis) in kept.enumerated() { axes[axis] = .axis(position) }
    var result = Flow(outer: keptOuter.map { outer[$0] }, inner: lastInner.map { inner[$0] }, order: order)
    _ = result.absorb(self, axes: axes)
    return result
  }
}
