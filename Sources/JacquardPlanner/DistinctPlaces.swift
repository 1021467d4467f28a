import JacquardKernels

/// Proves that a list of index expressions is different at every point of a space: from the place alone the point can be
/// found again. What it cannot prove counts as not so; that is far from what a compiled plan stores to.
struct DistinctPlaces {
  private let extents: [Int]
  /// Atoms whose value follows from the place.
  private var known: Set<IndexExpression.Atom> = []
  /// Expressions whose value follows from the place.
  private var open: [IndexExpression]

  /// - Parameter indices: In bounds, without run-time values.
  init(_ indices: [IndexExpression], in extents: [Int]) {
    self.extents = extents
    open = indices
    // Each round takes one level of nested divisions apart.
    for _ in 0..<DistinctPlaces.depth where openAxis != nil {
      let before = known.count
      for expression in open { takeApart(expression) }
      if known.count == before { break }
      open += recombined()
    }
  }

  private static let depth = 8

  /// An axis that does not follow from the place; nil if every point has a place of its own.
  var openAxis: Int? { extents.indices.first { extents[$0] > 1 && !known.contains(.axis($0)) } }

  /// The digits of a number follow from it if each counts more than all smaller ones together can give.
  private mutating func takeApart(_ expression: IndexExpression) {
    let digits = expression.terms.filter { !known.contains($0.atom) && width($0.atom) != 0 }
      .sorted { $0.coefficient.magnitude < $1.coefficient.magnitude }
    var reach: UInt = 0
    for digit in digits {
      guard digit.coefficient.magnitude > reach, let width = width(digit.atom) else { return }
      let (more, overflow) = width.multipliedReportingOverflow(by: digit.coefficient.magnitude)
      let (sum, carry) = reach.addingReportingOverflow(more)
      if overflow || carry { return }
      reach = sum
    }
    known.formUnion(digits.map(\.atom))
  }

  /// The largest value of an atom less the smallest.
  private func width(_ atom: IndexExpression.Atom) -> UInt? {
    IndexExpression(atom).range(in: extents).map { UInt(bitPattern: $0.upperBound &- $0.lowerBound) }
  }

  /// What was divided, where quotient and remainder are known.
  private func recombined() -> [IndexExpression] {
    known.compactMap { atom in
      guard case .remainder(let inner, let divisor) = atom,
        quotients(inner, divisor).contains(where: known.contains)
      else { return nil }
      return inner
    }
  }

  /// The ways to write a quotient: dividing twice is dividing by the product.
  private func quotients(_ inner: IndexExpression, _ divisor: Int) -> [IndexExpression.Atom] {
    var result = [IndexExpression.Atom.floorDiv(inner, divisor)]
    if inner.constant == 0, inner.terms.count == 1, inner.terms[0].coefficient == 1,
      case .floorDiv(let dividend, let first) = inner.terms[0].atom
    {
      let (product, overflow) = first.multipliedReportingOverflow(by: divisor)
      if !overflow { result.append(.floorDiv(dividend, product)) }
    }
    return result
  }
}
