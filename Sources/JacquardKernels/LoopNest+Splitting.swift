extension LoopNest {
  /// The same loops with axes cut in two where indices divide them: a view that splits an axis into several is then walked
  /// through evenly. The order of the points stays.
  public func splittingAxes() -> LoopNest {
    var nest = self
    for _ in 0..<LoopNest.mostSplits {
      guard let next = nest.splittingOneAxis() else { break }
      nest = next
    }
    return nest
  }

  /// How many times `splittingAxes` cuts an axis at most.
  public static let mostSplits = 8

  private var inner: [Int] { stages.map(\.inner).first { !$0.isEmpty } ?? [] }

  private func splittingOneAxis() -> LoopNest? {
    let extents = outer + inner
    guard let (axis, divisor) = axisToSplit(extents) else { return nil }
    var parts = extents
    parts[axis...axis] = [extents[axis] / divisor, divisor]
    let axes = extents.indices.map { old -> IndexExpression in
      if old == axis { return .axis(axis) * divisor + .axis(axis + 1) }
      return .axis(old < axis ? old : old + 1)
    }
    var result = self
    let outerCount = outer.count + (axis < outer.count ? 1 : 0)
    result.outer = Array(parts[..<outerCount])
    result.stages = stages.map { stage in
      stage.mappingIndices(inner: stage.inner.isEmpty ? [] : Array(parts[outerCount...])) {
        $0.substituting(axes: axes, values: { $0 }, in: parts)
      }
    }
    return result
  }

  /// The axis with the largest divisor, which must divide it evenly.
  private func axisToSplit(_ extents: [Int]) -> (axis: Int, divisor: Int)? {
    var best: (axis: Int, divisor: Int)?
    for stage in stages {
      for expression in stage.indexExpressions {
        if let found = expression.axisToSplit(extents), found.divisor > best?.divisor ?? 1 { best = found }
      }
    }
    return best
  }
}

extension Stage {
  /// Every index expression of the stage.
  fileprivate var indexExpressions: [IndexExpression] {
    var result = stores.flatMap(\.access.indices)
    for step in body {
      switch step.operation {
      case .load(let access): result += access.indices
      case .index(let expression), .random(_, _, let expression): result.append(expression)
      default: break
      }
    }
    return result
  }

  fileprivate func mappingIndices(inner: [Int], _ transform: (IndexExpression) -> IndexExpression) -> Stage {
    var result = self
    result.inner = inner
    result.stores = stores.map { Store($0.access.mapIndices(transform), $0.value) }
    result.body = body.map { step in
      var changed = step
      switch step.operation {
      case .load(let access): changed.operation = .load(access.mapIndices(transform))
      case .index(let expression): changed.operation = .index(transform(expression))
      case .random(let kind, let key, let element):
        changed.operation = .random(kind, key: key, element: transform(element))
      default: break
      }
      return changed
    }
    return result
  }
}

extension IndexExpression {
  /// The axis with the largest divisor, if it divides it evenly.
  public func axisToSplit(_ extents: [Int]) -> (axis: Int, divisor: Int)? {
    var best: (axis: Int, divisor: Int)?
    visitDivisions { axis, divisor in
      let fits = extents.indices.contains(axis) && divisor < extents[axis] && extents[axis] % divisor == 0
      if fits && divisor > best?.divisor ?? 1 { best = (axis, divisor) }
    }
    return best
  }

  /// Calls `body` with each axis that is divided by itself, and by what.
  fileprivate func visitDivisions(_ body: (_ axis: Int, _ divisor: Int) -> Void) {
    for term in terms {
      switch term.atom {
      case .axis, .value: break
      case .floorDiv(let dividend, let divisor), .remainder(let dividend, let divisor):
        if let axis = dividend.singleAxis { body(axis, divisor) } else { dividend.visitDivisions(body) }
      }
    }
  }
}
