import JacquardCore
import JacquardIR

/// The text of an einsum taken apart: one letter an axis.
struct EinsumFormula: Equatable {
  let operands: [[Character]]
  let result: [Character]

  /// - Throws: `Diagnostic` with tag `einsum.c1` (text), `einsum.c2` (a letter twice in one operand or the result) or
  ///   `einsum.c3` (a letter of the result that no operand has).
  init(parsing text: String) throws(Diagnostic) {
    let compact = text.filter { $0 != " " }
    let arrow = compact.firstRange(of: "->")
    let left = arrow.map { compact[..<$0.lowerBound] } ?? compact[...]
    var operands: [[Character]] = []
    for part in left.split(separator: ",", omittingEmptySubsequences: false) { operands.append(Array(part)) }
    let result = arrow.map { Array(compact[$0.upperBound...]) } ?? EinsumFormula.implicit(operands)
    for letters in operands + [result] {
      if let bad = letters.first(where: { !($0.isASCII && $0.isLetter) }) {
        throw EinsumFormula.error("'\(bad)' in '\(text)' is no letter", 1)
      }
      if Set(letters).count != letters.count {
        throw EinsumFormula.error("'\(String(letters))' in '\(text)' repeats a letter", 2)
      }
    }
    let known = Set(operands.joined())
    if let unknown = result.first(where: { !known.contains($0) }) {
      throw EinsumFormula.error("'\(unknown)' in the result of '\(text)' is in no operand", 3)
    }
    self.operands = operands
    self.result = result
  }

  /// Without `->` the result has the letters that appear once, in alphabetical order.
  private static func implicit(_ operands: [[Character]]) -> [Character] {
    let all = Array(operands.joined())
    return Set(all).filter { letter in all.filter { $0 == letter }.count == 1 }.sorted()
  }

  static func error(_ message: String, _ constraint: Int) -> Diagnostic {
    Diagnostic("einsum: \(message)", constraint: "einsum.c\(constraint)")
  }
}

extension GraphBuilder {
  /// Sum of products over the axes whose letters the result has not, such as `"bij,bjk->bik"`; operands are taken in pairs
  /// from left to right. A letter may not appear twice in one operand (no diagonals).
  ///
  /// - Throws: `Diagnostic` with tag `einsum.c1` to `c3` for a bad text (see `EinsumFormula`), `einsum.c4` if the operands do
  ///   not fit it, `einsum.c5` if two axes of one letter differ.
  public func einsum(_ text: String, _ values: [ValueID]) throws -> ValueID {
    do {
      let formula = try EinsumFormula(parsing: text)
      try checkEinsum(formula, text, values)
      return try contract(formula, values)
    } catch let error as Diagnostic {
      throw error.at(origins.lazy.compactMap(\.site).first)
    }
  }

  private func checkEinsum(_ formula: EinsumFormula, _ text: String, _ values: [ValueID]) throws {
    if formula.operands.count != values.count {
      throw EinsumFormula.error("'\(text)' names \(formula.operands.count) operands, not \(values.count)", 4)
    }
    var sizes: [Character: Dim] = [:]
    for (letters, value) in zip(formula.operands, values) {
      if letters.count != shape(value).rank {
        throw EinsumFormula.error("'\(String(letters))' does not name the axes of \(type(value))", 4)
      }
      for (letter, dim) in zip(letters, shape(value).dims) {
        if let other = sizes.updateValue(dim, forKey: letter), other != dim {
          throw EinsumFormula.error("axis '\(letter)' of '\(text)' has sizes \(other) and \(dim)", 5)
        }
      }
    }
  }

  private func contract(_ formula: EinsumFormula, _ values: [ValueID]) throws -> ValueID {
    var letters = formula.operands[0]
    var value = values[0]
    for index in values.indices.dropFirst() {
      let later = Set(formula.operands[(index + 1)...].joined()).union(formula.result)
      let next = formula.operands[index]
      (value, letters) = try sumUnless(later.union(next), value, letters)
      let (operand, own) = try sumUnless(later.union(letters), values[index], next)
      (value, letters) = try multiplyPair(value, letters, operand, own, keeping: later)
    }
    (value, letters) = try sumUnless(Set(formula.result), value, letters)
    return try transpose(value, formula.result.compactMap { letters.firstIndex(of: $0) })
  }

  /// Sums over the axes whose letters nobody needs any more.
  private func sumUnless(
    _ needed: Set<Character>, _ value: ValueID, _ letters: [Character]
  ) throws -> (ValueID, [Character]) {
    let axes = letters.indices.filter { !needed.contains(letters[$0]) }
    if axes.isEmpty { return (value, letters) }
    return (try sum(value, axes: axes), letters.filter { needed.contains($0) })
  }

  private func multiplyPair(
    _ a: ValueID, _ left: [Character], _ b: ValueID, _ right: [Character], keeping later: Set<Character>
  ) throws -> (ValueID, [Character]) {
    let shared = left.filter { right.contains($0) }
    let batch = shared.filter { later.contains($0) }
    let summed = shared.filter { !later.contains($0) }
    func axes(_ letters: [Character], of side: [Character]) -> [Int] {
      letters.compactMap { side.firstIndex(of: $0) }
    }
    let product = try dot(
      a, b, lhsBatch: axes(batch, of: left), rhsBatch: axes(batch, of: right), lhsContracting: axes(summed, of: left),
      rhsContracting: axes(summed, of: right))
    let free = (left + right).filter { !shared.contains($0) }
    return (product, batch + free)
  }
}
