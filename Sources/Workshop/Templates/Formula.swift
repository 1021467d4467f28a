/// A matrix of the exercises that are filled in by hand: [rows, columns], row by row.
struct Values: Equatable {
  var rows: Int
  var columns: Int
  var elements: [Double]

  subscript(row: Int, column: Int) -> Double { elements[row * columns + column] }
}

/// What a formula must give, and what it gives with a well-known mistake.
struct Formula {
  let name: String
  let expected: Values
  /// Examples in the batch: a factor that is easily left out.
  let batch: Int
  /// Mistakes with values of their own.
  var mistakes: [(what: String, values: Values)] = []

  /// What is wrong with a result; nil if nothing is.
  func fault(_ found: Values?) -> String? {
    guard let found else { return "not filled in yet" }
    if (found.rows, found.columns) != (expected.rows, expected.columns) {
      let turned = (found.rows, found.columns) == (expected.columns, expected.rows)
      return "the shape is [\(found.rows), \(found.columns)], not [\(expected.rows), \(expected.columns)]"
        + (turned ? ": operands in the other order, or a transpose missing" : "")
    }
    if agrees(found, expected) { return nil }
    if let scale = scale(found) { return fault(ofScale: scale) }
    if let mistake = mistakes.first(where: { agrees(found, $0.values) }) { return mistake.what }
    let worst = found.elements.indices.max { distance($0, found) < distance($1, found) } ?? 0
    let (row, column) = (worst / expected.columns, worst % expected.columns)
    return "element [\(row), \(column)] is \(found.elements[worst]), not \(expected.elements[worst])"
  }

  private func distance(_ index: Int, _ found: Values) -> Double {
    abs(found.elements[index] - expected.elements[index])
  }

  private func fault(ofScale scale: Double) -> String {
    let n = Double(batch)
    func isNear(_ value: Double) -> Bool { abs(scale - value) <= 1e-9 * abs(value) }
    if isNear(-1) { return "the sign is wrong" }
    if isNear(n) { return "the factor 1/N is missing" }
    if isNear(1 / n) { return "the factor 1/N stands once too often" }
    if isNear(-n) { return "the sign is wrong, and the factor 1/N is missing" }
    return "everything is \((scale * 1e6).rounded() / 1e6) times what it should be"
  }

  /// By what one factor all elements differ from those expected; nil if there is none.
  private func scale(_ found: Values) -> Double? {
    guard let place = expected.elements.indices.max(by: { abs(expected.elements[$0]) < abs(expected.elements[$1]) }),
      expected.elements[place] != 0, found.elements[place] != 0
    else { return nil }
    let scale = found.elements[place] / expected.elements[place]
    return agrees(
      found, Values(rows: expected.rows, columns: expected.columns, elements: expected.elements.map { $0 * scale }))
      ? scale : nil
  }

  private func agrees(_ a: Values, _ b: Values) -> Bool {
    let largest = b.elements.map { abs($0) }.max() ?? 0
    return a.elements.count == b.elements.count
      && zip(a.elements, b.elements).allSatisfy { abs($0 - $1) <= 1e-9 * largest }
  }
}
