/// An integer expression of loop variables: a sum of a constant and of atoms times coefficients, where an atom is a loop
/// variable, a floor division or remainder of an expression by a positive constant, or the value of a body instruction
/// (an indirect access).
///
/// Kept in one canonical form: terms sorted, no zero coefficient, no atom twice.
public struct IndexExpression: Hashable, Codable, Sendable {
  /// An atom times a number.
  public struct Term: Hashable, Codable, Sendable {
    /// What is multiplied.
    public var atom: Atom
    /// Never 0.
    public var coefficient: Int

    /// An atom times a number.
    public init(_ atom: Atom, _ coefficient: Int) {
      self.atom = atom
      self.coefficient = coefficient
    }
  }

  /// What sums are made of.
  public indirect enum Atom: Hashable, Codable, Sendable {
    /// A loop variable: axes of the outer space first, then those of the stage.
    case axis(Int)
    /// The quotient rounded towards minus infinity, by a positive constant.
    case floorDiv(IndexExpression, Int)
    /// What is left by `floorDiv`: in `0 ..< divisor`.
    case remainder(IndexExpression, Int)
    /// The result of a body instruction, an integer. The access that uses it checks it when the kernel runs.
    case value(Int)
  }

  /// What is added to the terms.
  public private(set) var constant: Int
  /// Sorted, no atom twice.
  public private(set) var terms: [Term]

  /// A number.
  public init(_ constant: Int) {
    self.constant = constant
    terms = []
  }

  /// An atom alone.
  public init(_ atom: Atom) {
    constant = 0
    terms = [Term(atom, 1)]
  }

  /// A loop variable: axes of the outer space first, then those of the stage.
  public static func axis(_ axis: Int) -> IndexExpression { IndexExpression(.axis(axis)) }

  /// Whether the expression is exactly one loop variable, and which.
  public var singleAxis: Int? {
    guard constant == 0, terms.count == 1, terms[0].coefficient == 1, case .axis(let axis) = terms[0].atom
    else { return nil }
    return axis
  }

  /// Whether the expression is exactly the value of one body instruction, and which.
  public var singleValue: Int? {
    guard constant == 0, terms.count == 1, terms[0].coefficient == 1, case .value(let value) = terms[0].atom
    else { return nil }
    return value
  }

  /// By how much it grows with an axis; divisions and remainders aside.
  public func coefficient(ofAxis axis: Int) -> Int {
    terms.first { $0.atom == .axis(axis) }?.coefficient ?? 0
  }

  /// Whether it is a number.
  public var isConstant: Bool { terms.isEmpty }
}

// MARK: - Arithmetic

extension IndexExpression {
  /// Adds `coefficient` times an atom. Coefficients come from verified shapes, whose products do not overflow.
  mutating func add(_ atom: Atom, _ coefficient: Int) {
    if coefficient == 0 { return }
    if let index = terms.firstIndex(where: { $0.atom == atom }) {
      terms[index].coefficient &+= coefficient
      if terms[index].coefficient == 0 { terms.remove(at: index) }
    } else {
      let index = terms.firstIndex { Atom.precedes(atom, $0.atom) } ?? terms.endIndex
      terms.insert(Term(atom, coefficient), at: index)
    }
  }

  /// The sum, in canonical form; numbers wrap around.
  public static func + (a: IndexExpression, b: IndexExpression) -> IndexExpression {
    var sum = a
    sum.constant &+= b.constant
    for term in b.terms { sum.add(term.atom, term.coefficient) }
    return sum
  }

  /// The difference, in canonical form; numbers wrap around.
  public static func - (a: IndexExpression, b: IndexExpression) -> IndexExpression { a + b * -1 }

  /// The expression times a number, in canonical form; numbers wrap around.
  public static func * (a: IndexExpression, factor: Int) -> IndexExpression {
    var product = IndexExpression(a.constant &* factor)
    if factor == 0 { return product }
    product.terms = a.terms.map { Term($0.atom, $0.coefficient &* factor) }
    return product
  }

  /// The quotient rounded down, simplified as far as the extents of the axes allow.
  public func floorDiv(_ divisor: Int, in extents: [Int]) -> IndexExpression {
    precondition(divisor > 0)
    if divisor == 1 { return self }
    let (multiple, rest) = split(by: divisor)
    if let range = rest.range(in: extents), range.lowerBound >= 0, range.upperBound < divisor {
      return multiple
    }
    if let (factor, large, _) = rest.scaled(dividing: divisor, in: extents) {
      return multiple + large.floorDiv(divisor / factor, in: extents)
    }
    return multiple + IndexExpression(.floorDiv(rest, divisor))
  }

  /// The remainder, in `0 ..< divisor`, simplified as far as the extents of the axes allow.
  public func remainder(_ divisor: Int, in extents: [Int]) -> IndexExpression {
    precondition(divisor > 0)
    if divisor == 1 { return IndexExpression(0) }
    let rest = split(by: divisor).rest
    if let range = rest.range(in: extents), range.lowerBound >= 0, range.upperBound < divisor { return rest }
    if let (factor, large, small) = rest.scaled(dividing: divisor, in: extents) {
      return large.remainder(divisor / factor, in: extents) * factor + small
    }
    return IndexExpression(.remainder(rest, divisor))
  }

  /// `self = factor * large + small` with `small` in `0 ..< factor` and a factor that divides the divisor: the quotient is then that
  /// of `large`.
  private func scaled(
    dividing divisor: Int, in extents: [Int]
  ) -> (factor: Int, large: IndexExpression, small: IndexExpression)? {
    let factors = Set(terms.map { greatestCommonDivisor($0.coefficient, divisor) })
    for factor in factors.sorted(by: >) where factor > 1 && factor < divisor {
      let (large, small) = split(by: factor)
      if let range = small.range(in: extents), range.lowerBound >= 0, range.upperBound < factor {
        return (factor, large, small)
      }
    }
    return nil
  }

  /// `self = divisor * multiple + rest`, with every coefficient that the divisor divides in `multiple`.
  private func split(by divisor: Int) -> (multiple: IndexExpression, rest: IndexExpression) {
    let quotient = constant >= 0 ? constant / divisor : -((-constant + divisor - 1) / divisor)
    var multiple = IndexExpression(quotient)
    var rest = IndexExpression(constant - quotient * divisor)
    for term in terms {
      if term.coefficient % divisor == 0 {
        multiple.add(term.atom, term.coefficient / divisor)
      } else {
        rest.add(term.atom, term.coefficient)
      }
    }
    return (multiple, rest)
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (a.magnitude, b.magnitude)
  while b != 0 { (a, b) = (b, a % b) }
  return Int(a)
}

extension IndexExpression.Atom {
  /// Whether it is `floorDiv(inner, divisor)`, in either way to write a quotient of a quotient.
  fileprivate func isQuotient(of inner: IndexExpression, _ divisor: Int) -> Bool {
    if self == .floorDiv(inner, divisor) { return true }
    guard inner.constant == 0, inner.terms.count == 1, inner.terms[0].coefficient == 1,
      case .floorDiv(let dividend, let first) = inner.terms[0].atom
    else { return false }
    return self == .floorDiv(dividend, first &* divisor)
  }
}

extension IndexExpression.Atom {
  /// What `divisor * self + remainder(inner, divisor)` is, if that is one expression.
  fileprivate func joined(withRemainderOf inner: IndexExpression, _ divisor: Int) -> IndexExpression? {
    if isQuotient(of: inner, divisor) { return inner }
    guard case .remainder(let quotient, let radix) = self, quotient.constant == 0, quotient.terms.count == 1,
      quotient.terms[0].coefficient == 1, quotient.terms[0].atom.isQuotient(of: inner, divisor)
    else { return nil }
    return IndexExpression(.remainder(inner, divisor &* radix))
  }
}

// MARK: - Rewriting

extension IndexExpression {
  /// The expression with every axis replaced, and every value number mapped.
  ///
  /// - Parameter extents: extents of the axes that the replacements mention, for simplification.
  public func substituting(
    axes: [IndexExpression], values: (Int) -> Int = { $0 }, in extents: [Int]
  ) -> IndexExpression {
    if terms.isEmpty { return self }
    if let axis = singleAxis, axes[axis].terms.count < 2 { return axes[axis] }
    var result = IndexExpression(constant)
    for term in terms {
      let piece: IndexExpression
      switch term.atom {
      case .axis(let axis): piece = axes[axis]
      case .value(let value): piece = IndexExpression(.value(values(value)))
      case .floorDiv(let inner, let divisor):
        piece = inner.substituting(axes: axes, values: values, in: extents).floorDiv(divisor, in: extents)
      case .remainder(let inner, let divisor):
        piece = inner.substituting(axes: axes, values: values, in: extents).remainder(divisor, in: extents)
      }
      result = result + piece * term.coefficient
    }
    return result.recombined()
  }

  /// Replaces `a*d*floorDiv(e, d) + a*remainder(e, d)` by `a*e`, and `a*d*remainder(floorDiv(e, d), k) + a*remainder(e, d)` by
  /// `a*remainder(e, d*k)`.
  public func recombined() -> IndexExpression {
    if terms.count < 2 { return self }
    for term in terms {
      guard case .remainder(let inner, let divisor) = term.atom else { continue }
      for other in terms where other.coefficient == term.coefficient &* divisor {
        guard let joined = other.atom.joined(withRemainderOf: inner, divisor) else { continue }
        var rest = self
        rest.add(term.atom, 0 &- term.coefficient)
        rest.add(other.atom, 0 &- other.coefficient)
        return (rest + joined * term.coefficient).recombined()
      }
    }
    return self
  }

  /// The digits of the number that the expression is: axes, each with what one step along it counts, the largest first; nil if it is
  /// no number in mixed radix, whose digits run through their whole extents.
  public func digits(in extents: [Int]) -> [(axis: Int, factor: Int)]? {
    guard constant == 0 else { return nil }
    var factor = 1
    var digits: [(axis: Int, factor: Int)] = []
    for term in terms.sorted(by: { $0.coefficient < $1.coefficient }) {
      guard case .axis(let axis) = term.atom, term.coefficient == factor, extents.indices.contains(axis) else {
        return nil
      }
      digits.append((axis, factor))
      factor *= extents[axis]
    }
    return digits.reversed()
  }

  /// Every value number mentioned, at any depth.
  public var values: [Int] {
    if hasNoValues { return [] }
    return terms.flatMap { term -> [Int] in
      switch term.atom {
      case .axis: []
      case .value(let value): [value]
      case .floorDiv(let inner, _), .remainder(let inner, _): inner.values
      }
    }
  }

  /// Whether no value number is mentioned.
  public var hasNoValues: Bool {
    for term in terms {
      switch term.atom {
      case .axis: break
      case .value: return false
      case .floorDiv(let inner, _), .remainder(let inner, _): if !inner.hasNoValues { return false }
      }
    }
    return true
  }

  /// Every axis mentioned, at any depth.
  public var axes: Set<Int> {
    var result: Set<Int> = []
    forEachAxis { result.insert($0) }
    return result
  }

  /// Whether an axis that a condition holds for is mentioned, at any depth.
  public func hasAxis(where condition: (Int) -> Bool) -> Bool {
    var found = false
    forEachAxis { if condition($0) { found = true } }
    return found
  }

  /// Every mention of an axis, at any depth.
  public func forEachAxis(_ body: (Int) -> Void) {
    for term in terms {
      switch term.atom {
      case .axis(let axis): body(axis)
      case .value: break
      case .floorDiv(let inner, _), .remainder(let inner, _): inner.forEachAxis(body)
      }
    }
  }
}

extension IndexExpression.Atom {
  func range(in extents: [Int]) -> ClosedRange<Int>? {
    switch self {
    case .axis(let axis):
      guard extents.indices.contains(axis), extents[axis] > 0 else { return nil }
      return 0...(extents[axis] - 1)
    case .value: return nil
    case .floorDiv(let inner, let divisor):
      guard divisor > 0, let range = inner.range(in: extents) else { return nil }
      func quotient(_ value: Int) -> Int { value >= 0 ? value / divisor : -1 - (-1 - value) / divisor }
      return quotient(range.lowerBound)...quotient(range.upperBound)
    case .remainder(let inner, let divisor):
      guard divisor > 0, let range = inner.range(in: extents) else { return nil }
      let fits = range.lowerBound >= 0 && range.upperBound < divisor
      return fits ? range : 0...(divisor - 1)
    }
  }

  /// The order of terms: axes, then divisions and remainders, then values.
  static func precedes(_ a: IndexExpression.Atom, _ b: IndexExpression.Atom) -> Bool {
    let (left, right) = (a.rank, b.rank)
    return left.0 != right.0 ? left.0 < right.0 : left.1 < right.1
  }

  private var rank: (Int, Int) {
    switch self {
    case .axis(let axis): (0, axis)
    case .floorDiv(let inner, let divisor): (1, divisor &* 64 &+ (inner.axes.min() ?? 63))
    case .remainder(let inner, let divisor): (2, divisor &* 64 &+ (inner.axes.min() ?? 63))
    case .value(let value): (3, value)
    }
  }
}

extension IndexExpression {
  /// The expression with every value number mapped; axes stay.
  public func mappingValues(_ transform: (Int) -> Int) -> IndexExpression {
    if hasNoValues { return self }
    var result = IndexExpression(constant)
    for term in terms {
      let atom: Atom
      switch term.atom {
      case .axis: atom = term.atom
      case .value(let value): atom = .value(transform(value))
      case .floorDiv(let inner, let divisor): atom = .floorDiv(inner.mappingValues(transform), divisor)
      case .remainder(let inner, let divisor): atom = .remainder(inner.mappingValues(transform), divisor)
      }
      result = result + IndexExpression(atom) * term.coefficient
    }
    return result
  }
}
