import Jacquard

/// A perceptron with one hidden layer as plain arrays: z1 = x W1 + b1, h = relu(z1), z2 = h W2 + b2.
struct PlainPerceptron<S: PlainFloat>: Sendable {
  let inputs: Int
  let hidden: Int
  let outputs: Int
  /// `[inputs, hidden]`, row by row.
  var w1: [S]
  var b1: [S]
  /// `[hidden, outputs]`, row by row.
  var w2: [S]
  var b2: [S]

  /// All zeros: what gradients are added up in.
  init(zeros inputs: Int, _ hidden: Int, _ outputs: Int) {
    (self.inputs, self.hidden, self.outputs) = (inputs, hidden, outputs)
    w1 = [S](repeating: 0, count: inputs * hidden)
    b1 = [S](repeating: 0, count: hidden)
    w2 = [S](repeating: 0, count: hidden * outputs)
    b2 = [S](repeating: 0, count: outputs)
  }

  /// Drawn evenly from +-1 / sqrt(number of a layer's inputs).
  init(_ inputs: Int, _ hidden: Int, _ outputs: Int, seed: Int) {
    self.init(zeros: inputs, hidden, outputs)
    let key = Philox(seed: seed)
    func draw(_ count: Int, _ fanIn: Int, _ stream: Int) -> [S] {
      let (own, bound) = (key.folded(stream), 1 / Double(fanIn).squareRoot())
      return (0..<count).map { S(bound * (2 * own.uniform($0) - 1)) }
    }
    w1 = draw(w1.count, inputs, 1)
    b1 = draw(b1.count, inputs, 2)
    w2 = draw(w2.count, hidden, 3)
    b2 = draw(b2.count, hidden, 4)
  }

  var parameterCount: Int { w1.count + b1.count + w2.count + b2.count }

  /// Names, sizes and numbers of the parameters.
  var parts: [(name: String, sizes: [Int], values: [S])] {
    [
      ("W1", [inputs, hidden], w1), ("b1", [hidden], b1), ("W2", [hidden, outputs], w2), ("b2", [outputs], b2),
    ]
  }

  /// Hidden activations and logits of one example.
  func forward(_ x: ArraySlice<S>) -> (h: [S], logits: [S]) {
    var h = b1
    Rows.multiply(x, w1, width: hidden, addingTo: &h)
    for j in 0..<hidden { h[j] = max(0, h[j]) }
    var logits = b2
    Rows.multiply(h[...], w2, width: outputs, addingTo: &logits)
    return (h, logits)
  }

  /// p - rate * g for every parameter.
  mutating func descend(_ gradient: PlainPerceptron, rate: S) {
    Rows.add(-rate, times: gradient.w1, from: 0, to: &w1, at: 0, count: w1.count)
    Rows.add(-rate, times: gradient.b1, from: 0, to: &b1, at: 0, count: b1.count)
    Rows.add(-rate, times: gradient.w2, from: 0, to: &w2, at: 0, count: w2.count)
    Rows.add(-rate, times: gradient.b2, from: 0, to: &b2, at: 0, count: b2.count)
  }

  /// Adds a gradient times a factor: for weighted means.
  mutating func add(_ gradient: PlainPerceptron, times factor: S) { descend(gradient, rate: -factor) }
}
