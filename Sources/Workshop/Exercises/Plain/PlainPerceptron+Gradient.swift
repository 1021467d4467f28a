import Foundation

extension PlainPerceptron {
  /// What goes wrong in backward passes that are written by hand.
  enum Mistake: String, CaseIterable {
    /// onehot - p in the place of p - onehot.
    case sign
    /// The sum over the batch in the place of its mean.
    case sum
    /// The gradient flows through units that the ReLU switched off.
    case mask
  }

  /// The mean cross-entropy of some examples and its gradient, by the five formulas:
  ///
  ///     dz2 = (softmax(z2) - onehot(y)) / N
  ///     dW2 = h^T dz2            db2 = column sums of dz2
  ///     dz1 = dz2 W2^T where z1 > 0, else 0
  ///     dW1 = x^T dz1            db1 = column sums of dz1
  ///
  /// - Parameter mistake: Made on purpose, to see that a comparison finds it.
  func gradient(
    _ data: PlainImages<S>, rows: some Collection<Int>, mistake: Mistake? = nil
  ) -> (loss: S, gradient: PlainPerceptron) {
    var result = PlainPerceptron(zeros: inputs, hidden, outputs)
    let scale = mistake == .sum ? 1 : 1 / S(rows.count)
    var loss: S = 0
    for n in rows {
      let (x, label) = (data.row(n), data.labels[n])
      let (h, logits) = forward(x)
      var dz2 = Rows.softmax(logits)
      loss -= S(log(Double(dz2[label]))) / S(rows.count)
      dz2[label] -= 1
      for k in 0..<outputs { dz2[k] *= mistake == .sign ? -scale : scale }
      Rows.addOuterProduct(h[...], dz2, to: &result.w2)
      Rows.add(1, times: dz2, from: 0, to: &result.b2, at: 0, count: outputs)
      let dz1 = (0..<hidden).map { j in
        h[j] > 0 || mistake == .mask ? Rows.dot(w2[j * outputs..<(j + 1) * outputs], dz2[...]) : 0
      }
      Rows.addOuterProduct(x, dz1, to: &result.w1)
      Rows.add(1, times: dz1, from: 0, to: &result.b1, at: 0, count: hidden)
    }
    return (loss, result)
  }
}
