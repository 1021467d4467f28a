import JacquardKernels

/// The loops of a nest with as few axes as possible: axes of extent 1 left out, neighbours joined where every
/// expression walks through them as through one.
package struct Space {
  package private(set) var outer: [Int]
  package private(set) var inner: [Int]
  /// Extents of the old axes, in which bounds of old expressions are to be judged.
  package let originalExtents: [Int]
  /// An expression of the new axes for each old axis (only what `rewritten` needs: joined axes are never asked for
  /// alone).
  private var map: [Int: (axis: Int, factor: Int)] = [:]
  /// The last outer axis, if it joins one with another that some expressions do not move along.
  private var repeated: Repeated?

  /// New axis = `slow` times `times` plus `fast`, of which expressions have both (as through one), or only `slow`.
  private struct Repeated {
    var axis, slow, fast, times: Int
  }

  package var extents: [Int] { outer + inner }
  package var outerCount: Int { outer.reduce(1, *) }
  package var innerCount: Int { inner.reduce(1, *) }

  /// - Parameters:
  ///   - expressions: every linear expression that will be rewritten.
  ///   - joinsRepeated: whether a short last outer axis may be joined with the one before although some expressions do not move
  ///     along it; they then hold a quotient of the joined axis.
  package init(outer: [Int], inner: [Int], expressions: [IndexExpression], joinsRepeated: Bool = false) {
    let extents = outer + inner
    originalExtents = extents
    var rows: [[Int]] = []
    var fixed = Set<Int>()
    for expression in Set(expressions) {
      var coefficients = [Int](repeating: 0, count: extents.count)
      for term in expression.terms {
        if case .axis(let axis) = term.atom {
          coefficients[axis] = term.coefficient
        } else {
          fixed.formUnion(IndexExpression(term.atom).axes)
        }
      }
      rows.append(coefficients)
    }
    var first = Space.join(Array(0..<outer.count), extents, rows, fixed)
    if joinsRepeated, let found = Space.repeated(first, extents, rows, fixed) {
      repeated = found
      first[first.count - 2] += first.removeLast()
    }
    let second = Space.join(Array(outer.count..<extents.count), extents, rows, fixed)
    self.outer = first.map { group in group.reduce(1) { $0 * extents[$1] } }
    self.inner = second.map { group in group.reduce(1) { $0 * extents[$1] } }
    for (number, group) in (first + second).enumerated() {
      var factor = 1
      for axis in group.reversed() {
        map[axis] = (number, factor)
        factor *= extents[axis]
      }
    }
  }

  /// Groups of old axes that become one.
  private static func join(_ axes: [Int], _ extents: [Int], _ rows: [[Int]], _ fixed: Set<Int>) -> [[Int]] {
    var groups: [[Int]] = []
    for axis in axes where extents[axis] != 1 {
      if let last = groups.last?.last, !fixed.contains(last), !fixed.contains(axis),
        rows.allSatisfy({ $0[last] == $0[axis] &* extents[axis] })
      {
        groups[groups.count - 1].append(axis)
      } else {
        groups.append([axis])
      }
    }
    return groups
  }

  /// The last two groups, if the last one is short, and some expression repeats elements that lie side by side along it.
  private static func repeated(_ groups: [[Int]], _ extents: [Int], _ rows: [[Int]], _ fixed: Set<Int>) -> Repeated? {
    guard groups.count >= 2, let slow = groups[groups.count - 2].last, let fast = groups[groups.count - 1].last,
      !fixed.contains(slow), !fixed.contains(fast)
    else { return nil }
    let times = groups[groups.count - 1].reduce(1) { $0 * extents[$1] }
    guard [2, 4, 8].contains(times), rows.contains(where: { $0[fast] == 0 && $0[slow] == 1 }),
      rows.allSatisfy({ $0[fast] == 0 || $0[slow] == $0[fast] &* times })
    else { return nil }
    return Repeated(axis: groups.count - 2, slow: slow, fast: fast, times: times)
  }

  /// The expression over the new axes. Of joined axes the last one's coefficient counts, the others follow from it.
  package func rewritten(_ expression: IndexExpression) -> IndexExpression {
    var result = IndexExpression(expression.constant)
    for term in expression.terms {
      switch term.atom {
      case .axis(let axis):
        guard let (number, factor) = map[axis] else { continue }
        if factor == 1 { result = result + IndexExpression(.axis(number)) * term.coefficient }
        if let repeated, axis == repeated.slow, expression.coefficient(ofAxis: repeated.fast) == 0 {
          let quotient = IndexExpression(.floorDiv(IndexExpression(.axis(repeated.axis)), repeated.times))
          result = result + quotient * term.coefficient
        }
      case .value: result = result + IndexExpression(term.atom) * term.coefficient
      case .floorDiv(let inner, let divisor):
        result = result + IndexExpression(.floorDiv(rewritten(inner), divisor)) * term.coefficient
      case .remainder(let inner, let divisor):
        result = result + IndexExpression(.remainder(rewritten(inner), divisor)) * term.coefficient
      }
    }
    return result
  }

  /// Coefficients of the axes, if there is nothing else in the expression.
  package func strides(_ expression: IndexExpression) -> [Int]? {
    var result = [Int](repeating: 0, count: extents.count)
    for term in expression.terms {
      guard case .axis(let axis) = term.atom else { return nil }
      result[axis] = term.coefficient
    }
    return result
  }
}
