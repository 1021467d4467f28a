import Foundation

/// The backward pass that the package of exercise 2.2 leaves out, on the package's numbers.
struct BackwardSolution {
  private static let labels = [2, 0, 1, 1, 2]
  private let x = BackwardSolution.wave(5, 4, 1)
  private let w1 = BackwardSolution.wave(4, 6, 2)
  private let b1 = BackwardSolution.wave(1, 6, 3)
  private let w2 = BackwardSolution.wave(6, 3, 4)
  private let b2 = BackwardSolution.wave(1, 3, 5)

  var formulas: [Formula] {
    let n = BackwardSolution.labels.count
    let z1 = affine(x, w1, b1)
    let h = map(z1) { _, _, z in max(z, 0) }
    let p = softmax(affine(h, w2, b2))
    let dZ2 = map(p) { i, j, p in (p - (j == BackwardSolution.labels[i] ? 1 : 0)) / Double(n) }
    let dH = product(dZ2, transposed(w2))
    let dZ1 = map(dH) { i, j, d in z1[i, j] > 0 ? d : 0 }
    return [
      Formula(name: "outputDelta", expected: dZ2, batch: n),
      Formula(name: "outputWeights", expected: product(transposed(h), dZ2), batch: n),
      Formula(name: "outputBias", expected: columnSums(dZ2), batch: n),
      Formula(
        name: "hiddenDelta", expected: dZ1, batch: n,
        mistakes: [
          ("the mask of the ReLU is missing: 0 where Z1 <= 0", dH),
          ("the mask of the ReLU is the wrong way round", map(dH) { i, j, d in z1[i, j] > 0 ? 0 : d }),
        ]),
      Formula(name: "hiddenWeights", expected: product(transposed(x), dZ1), batch: n),
    ]
  }

  private static func wave(_ rows: Int, _ columns: Int, _ k: Int) -> Values {
    Values(
      rows: rows, columns: columns,
      elements: (0..<rows * columns).map { sin(Double(7 * ($0 / columns) + 3 * ($0 % columns) + 11 * k)) })
  }

  private func map(_ m: Values, _ rule: (Int, Int, Double) -> Double) -> Values {
    var result = m
    for index in m.elements.indices {
      result.elements[index] = rule(index / m.columns, index % m.columns, m.elements[index])
    }
    return result
  }

  private func transposed(_ m: Values) -> Values {
    let all = (0..<m.columns).flatMap { j in (0..<m.rows).map { m[$0, j] } }
    return Values(rows: m.columns, columns: m.rows, elements: all)
  }

  private func product(_ a: Values, _ b: Values) -> Values {
    let empty = Values(rows: a.rows, columns: b.columns, elements: Array(repeating: 0, count: a.rows * b.columns))
    return map(empty) { i, j, _ in (0..<a.columns).reduce(0) { $0 + a[i, $1] * b[$1, j] } }
  }

  private func affine(_ a: Values, _ w: Values, _ b: Values) -> Values {
    map(product(a, w)) { _, j, value in value + b[0, j] }
  }

  private func softmax(_ z: Values) -> Values {
    let e = map(z) { _, _, value in exp(value) }
    return map(e) { i, _, value in value / (0..<e.columns).reduce(0) { $0 + e[i, $1] } }
  }

  private func columnSums(_ m: Values) -> Values {
    let sums = (0..<m.columns).map { j in (0..<m.rows).reduce(0) { $0 + m[$1, j] } }
    return Values(rows: 1, columns: m.columns, elements: sums)
  }
}
