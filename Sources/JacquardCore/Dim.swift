/// One dimension of a shape: an integer polynomial over named symbols, in one canonical form.
///
/// A symbol stands for an integer of at least 1. Two dimensions are equal exactly if their polynomials are;
/// two different symbols are never equal. Arithmetic throws on overflow.
public struct Dim: Hashable, Sendable {
  /// One product of symbols with its coefficient: `3*N*M`.
  public struct Term: Hashable, Sendable {
    /// Sorted symbol names, repeated for powers; never empty.
    public let symbols: [String]
    /// Never 0.
    public let coefficient: Int
  }

  /// Terms of degree at least 1, highest degree first, then by name.
  public let terms: [Term]
  /// What is added to the terms: the whole of a dimension that is a number.
  public let constant: Int

  init(terms: [Term], constant: Int) {
    self.terms = terms
    self.constant = constant
  }

  /// The dimension that is a number.
  public init(_ value: Int) { self.init(terms: [], constant: value) }

  /// The dimension that a symbol names.
  public static func symbol(_ name: String) -> Dim {
    Dim(terms: [Term(symbols: [name], coefficient: 1)], constant: 0)
  }

  /// The number this dimension is, or nil if it mentions a symbol.
  public var value: Int? { terms.isEmpty ? constant : nil }

  /// Whether it is the number 1, and so broadcasts. A symbol never does, though it may be bound to 1.
  public var isOne: Bool { value == 1 }

  /// Every symbol mentioned.
  public var symbols: Set<String> { Set(terms.flatMap(\.symbols)) }
}

extension Dim: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self.init(value) }
}

// MARK: - Arithmetic

extension Dim {
  /// The polynomial's order of terms: degree first, then names.
  static func precedes(_ a: [String], _ b: [String]) -> Bool {
    a.count != b.count ? a.count > b.count : a.lexicographicallyPrecedes(b)
  }

  /// Most terms, and most symbols in a product: beyond them arithmetic on a hostile file would take for ever.
  private static let mostTerms = 128
  private static let highestDegree = 32

  private static func collected(_ sums: [[String]: Int], _ constant: Int) throws(Diagnostic) -> Dim {
    let terms = sums.filter { $0.value != 0 }
      .map { Term(symbols: $0.key, coefficient: $0.value) }
      .sorted { precedes($0.symbols, $1.symbols) }
    if terms.count > mostTerms || terms.first.map({ $0.symbols.count > highestDegree }) ?? false {
      throw Diagnostic("a dimension has more than \(mostTerms) terms or a degree over \(highestDegree)")
    }
    return Dim(terms: terms, constant: constant)
  }

  /// The sum. - Throws: `Diagnostic` on overflow.
  public func plus(_ other: Dim) throws(Diagnostic) -> Dim {
    let total = try Overflow.add(constant, other.constant)
    if terms.isEmpty && other.terms.isEmpty { return Dim(total) }
    var sums: [[String]: Int] = [:]
    for term in terms + other.terms {
      sums[term.symbols] = try Overflow.add(sums[term.symbols] ?? 0, term.coefficient)
    }
    return try Dim.collected(sums, total)
  }

  /// The product. - Throws: `Diagnostic` on overflow.
  public func times(_ other: Dim) throws(Diagnostic) -> Dim {
    let product = try Overflow.multiply(constant, other.constant)
    if terms.isEmpty && other.terms.isEmpty { return Dim(product) }
    var sums: [[String]: Int] = [:]
    func accumulate(_ symbols: [String], _ a: Int, _ b: Int) throws(Diagnostic) {
      sums[symbols] = try Overflow.add(sums[symbols] ?? 0, try Overflow.multiply(a, b))
    }
    for a in terms {
      for b in other.terms {
        try accumulate((a.symbols + b.symbols).sorted(), a.coefficient, b.coefficient)
      }
      try accumulate(a.symbols, a.coefficient, other.constant)
    }
    for b in other.terms { try accumulate(b.symbols, b.coefficient, constant) }
    return try Dim.collected(sums, product)
  }

  /// The difference. - Throws: `Diagnostic` on overflow.
  public func minus(_ other: Dim) throws(Diagnostic) -> Dim { try plus(other.times(Dim(-1))) }

  /// The quotient if the division leaves no remainder for every value of the symbols, else nil.
  /// - Throws: `Diagnostic` on overflow.
  public func dividedExactly(by divisor: Dim) throws(Diagnostic) -> Dim? {
    if let d = divisor.value, let v = value {
      return Dim.exactQuotient(v, d).map { Dim($0) }
    }
    guard let lead = divisor.leading else { return nil }
    var rest = self
    var quotient = Dim(0)
    while let top = rest.leading {
      guard let coefficient = Dim.exactQuotient(top.coefficient, lead.coefficient),
        let symbols = Dim.removing(lead.symbols, from: top.symbols)
      else { return nil }
      let factor = Dim.monomial(symbols, coefficient)
      quotient = try quotient.plus(factor)
      rest = try rest.minus(factor.times(divisor))
    }
    return quotient
  }

  /// nil if the division leaves a remainder, is by zero or overflows (the smallest integer by -1).
  private static func exactQuotient(_ a: Int, _ b: Int) -> Int? {
    let (remainder, failed) = a.remainderReportingOverflow(dividingBy: b)
    return failed || remainder != 0 ? nil : a / b
  }

  /// The first non-zero term, the constant included.
  private var leading: (symbols: [String], coefficient: Int)? {
    if let first = terms.first { return (first.symbols, first.coefficient) }
    return constant == 0 ? nil : ([], constant)
  }

  private static func monomial(_ symbols: [String], _ coefficient: Int) -> Dim {
    symbols.isEmpty
      ? Dim(coefficient)
      : Dim(terms: [Term(symbols: symbols, coefficient: coefficient)], constant: 0)
  }

  private static func removing(_ part: [String], from whole: [String]) -> [String]? {
    var rest = whole
    for symbol in part {
      guard let index = rest.firstIndex(of: symbol) else { return nil }
      rest.remove(at: index)
    }
    return rest
  }

  /// The value with each symbol replaced by a number; symbols without one stay.
  /// - Throws: `Diagnostic` on overflow.
  public func bound(_ bindings: [String: Int]) throws(Diagnostic) -> Dim {
    var result = Dim(constant)
    for term in terms {
      var product = Dim(term.coefficient)
      for symbol in term.symbols {
        product = try product.times(bindings[symbol].map { Dim($0) } ?? .symbol(symbol))
      }
      result = try result.plus(product)
    }
    return result
  }

  /// The smallest value that is certain when each symbol is at least 1; nil if there is no certain bound.
  public var lowerBound: Int? {
    var total = constant
    for term in terms {
      guard term.coefficient > 0 else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(term.coefficient)
      if overflow { return nil }
      total = sum
    }
    return total
  }
}

/// Integer arithmetic that throws instead of trapping.
public enum Overflow {
  /// The sum of two sizes.
  /// - Throws: `Diagnostic` if it does not fit an `Int`.
  public static func add(_ a: Int, _ b: Int) throws(Diagnostic) -> Int {
    let (value, overflow) = a.addingReportingOverflow(b)
    if overflow { throw Diagnostic("size overflows: \(a) + \(b)") }
    return value
  }

  /// The product of two sizes.
  /// - Throws: `Diagnostic` if it does not fit an `Int`.
  public static func multiply(_ a: Int, _ b: Int) throws(Diagnostic) -> Int {
    let (value, overflow) = a.multipliedReportingOverflow(by: b)
    if overflow { throw Diagnostic("size overflows: \(a) * \(b)") }
    return value
  }
}
