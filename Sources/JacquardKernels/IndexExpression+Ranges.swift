extension IndexExpression {
  /// The smallest and largest value over all points of a space, or nil if it depends on a run-time value, an axis is
  /// not in the space, a divisor is not positive, or the arithmetic overflows. All extents must be at least 1.
  public func range(in extents: [Int]) -> ClosedRange<Int>? {
    var low = constant
    var high = constant
    for term in terms {
      guard let atom = term.atom.range(in: extents) else { return nil }
      let (a, overflowA) = atom.lowerBound.multipliedReportingOverflow(by: term.coefficient)
      let (b, overflowB) = atom.upperBound.multipliedReportingOverflow(by: term.coefficient)
      let (newLow, overflowC) = low.addingReportingOverflow(min(a, b))
      let (newHigh, overflowD) = high.addingReportingOverflow(max(a, b))
      if overflowA || overflowB || overflowC || overflowD { return nil }
      (low, high) = (newLow, newHigh)
    }
    return low...high
  }
}

extension IndexExpression {
  /// Whether terms are sorted, no coefficient is zero and no atom stands twice: so for every expression that was computed,
  /// but not for every one from a file.
  public var isCanonical: Bool {
    var copy = IndexExpression(constant)
    for term in terms { copy.add(term.atom, term.coefficient) }
    return copy == self
      && terms.allSatisfy { term in
        switch term.atom {
        case .axis, .value: true
        case .floorDiv(let inner, _), .remainder(let inner, _): inner.isCanonical
        }
      }
  }

  /// Whether every divisor is positive and every axis is one of the space.
  public func isWellFormed(in extents: [Int]) -> Bool {
    terms.allSatisfy { term in
      switch term.atom {
      case .axis(let axis): extents.indices.contains(axis)
      case .value: true
      case .floorDiv(let inner, let divisor), .remainder(let inner, let divisor):
        divisor > 0 && inner.isWellFormed(in: extents)
      }
    }
  }
}
