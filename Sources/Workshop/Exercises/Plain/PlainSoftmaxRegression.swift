import Foundation
import Jacquard

/// Logistic regression for several classes in plain loops: softmax(x W + b).
struct PlainSoftmaxRegression<S: PlainFloat>: Sendable {
  let inputs: Int
  let outputs: Int
  /// `[inputs, outputs]`, row by row.
  var weight: [S]
  var bias: [S]

  /// Drawn evenly from +-1 / sqrt(inputs).
  init(_ inputs: Int, _ outputs: Int, seed: Int) {
    (self.inputs, self.outputs) = (inputs, outputs)
    let (key, bound) = (Philox(seed: seed), 1 / Double(inputs).squareRoot())
    let values = (0..<(inputs + 1) * outputs).map { S(bound * (2 * key.uniform($0) - 1)) }
    weight = Array(values.prefix(inputs * outputs))
    bias = Array(values.suffix(outputs))
  }

  func logits(_ x: ArraySlice<S>) -> [S] {
    var result = bias
    Rows.multiply(x, weight, width: outputs, addingTo: &result)
    return result
  }

  /// One step of gradient descent on the mean cross-entropy of some examples.
  ///
  /// - Returns: The loss before the step.
  mutating func step(_ data: PlainImages<S>, rows: some Collection<Int>, rate: S) -> S {
    var (loss, change) = (S(0), [S](repeating: 0, count: weight.count))
    var biasChange = [S](repeating: 0, count: outputs)
    let scale = rate / S(rows.count)
    for n in rows {
      var error = Rows.softmax(logits(data.row(n)))
      loss -= S(log(Double(error[data.labels[n]]))) / S(rows.count)
      error[data.labels[n]] -= 1
      for k in 0..<outputs { error[k] *= -scale }
      Rows.addOuterProduct(data.row(n), error, to: &change)
      Rows.add(1, times: error, from: 0, to: &biasChange, at: 0, count: outputs)
    }
    Rows.add(1, times: change, from: 0, to: &weight, at: 0, count: weight.count)
    Rows.add(1, times: biasChange, from: 0, to: &bias, at: 0, count: outputs)
    return loss
  }
}

/// Rosenblatt's perceptron (1958): two classes, 0 and 1, and a correction after each mistake.
struct PlainThresholdUnit<S: PlainFloat>: Sendable {
  var weight: [S]
  var bias: S = 0

  init(_ inputs: Int) { weight = [S](repeating: 0, count: inputs) }

  func score(_ x: ArraySlice<S>) -> S { Rows.dot(weight[...], x) + bias }

  /// One pass over examples. - Returns: How many were wrong when they came.
  mutating func pass(_ data: PlainImages<S>, rows: some Collection<Int>, rate: S) -> Int {
    var mistakes = 0
    for n in rows {
      let target: S = data.labels[n] == 1 ? 1 : -1
      if target * score(data.row(n)) > 0 { continue }
      mistakes += 1
      Rows.add(target * rate, times: Array(data.row(n)), from: 0, to: &weight, at: 0, count: weight.count)
      bias += target * rate
    }
    return mistakes
  }
}
