import Foundation
import Jacquard

/// 2.2: the five formulas of backpropagation in three independent ways: loops, a graph of the formulas, the compiler's derivative.
struct BackwardFormulas: Exercise {
  let id = "2.2"
  static let names = ["W1", "b1", "W2", "b2"]

  /// Parameters and data as inputs: nothing of this graph is trained.
  private struct Inputs {
    let x, y, w1, b1, w2, b2: Tensor<Double>

    init(_ g: GraphContext, hidden: Dim) {
      x = g.input("x", Double.self, ["N", 784])
      y = g.input("y", Double.self, ["N", 10])
      w1 = g.input("W1", Double.self, [784, hidden])
      b1 = g.input("b1", Double.self, [hidden])
      w2 = g.input("W2", Double.self, [hidden, 10])
      b2 = g.input("b2", Double.self, [10])
    }
  }

  /// The formulas, one line each; the compiler derives nothing here.
  static func formulas(hidden: Dim) throws -> Graph {
    try Graph("formulas", symbols: ["N": 32]) { g in
      let p = Inputs(g, hidden: hidden)
      let z1 = matmul(p.x, p.w1) + p.b1
      let h = relu(z1)
      let z2 = matmul(h, p.w2) + p.b2
      let dz2 = (softmax(z2) - p.y) / g.dimension("N", Double.self)
      let dz1 = matmul(dz2, p.w2.transposed()) * z1.greater(than: 0).cast(to: Double.self)
      g.output("W1", matmul(p.x.transposed(), dz1))
      g.output("b1", dz1.sum(0))
      g.output("W2", matmul(h.transposed(), dz2))
      g.output("b2", dz2.sum(0))
    }
  }

  /// Only the forward pass is written; its gradient is derived.
  static func symbolic(hidden: Dim) throws -> Graph {
    try Graph("symbolic", symbols: ["N": 32]) { g in
      let p = Inputs(g, hidden: hidden)
      let logits = matmul(relu(matmul(p.x, p.w1) + p.b1), p.w2) + p.b2
      let gradients = grad(of: crossEntropy(logits: logits, labels: p.y), withRespectTo: [p.w1, p.b1, p.w2, p.b2])
      for (name, gradient) in zip(names, gradients) { g.output(name, gradient) }
    }
  }

  func run(_ run: Run) throws {
    let data = try PlainImages<Double>(try run.data.test())
    let model = PlainPerceptron<Double>(784, 32, 10, seed: run.seed)
    let rows = 0..<32
    let loops = model.gradient(data, rows: rows).gradient.parts.map(\.values)
    let (written, derived) = (try Self.formulas(hidden: 32), try Self.symbolic(hidden: 32))
    // The reference executor computes operation by operation: no pass touches the formulas.
    var reference = run.session
    reference.executor = .reference
    let formulas = try gradients(written, model, data, rows, reference)
    let symbolic = try gradients(derived, model, data, rows, run.session)
    for graph in [written, derived] { try run.save(graph) }

    run.heading("formulas")
    run.code(
      "dz2 = (softmax(z2) - onehot(y)) / N\ndW2 = h^T dz2         db2 = column sums of dz2\n"
        + "dz1 = dz2 W2^T where z1 > 0, else 0\ndW1 = x^T dz1         db1 = column sums of dz1")
    run.say("explained")
    run.claim("loops.symbolic", Self.difference(loops, symbolic), .atMost(1e-12))
    run.claim("loops.formulas", Self.difference(loops, formulas), .atMost(1e-12))
    run.claim("formulas.symbolic", Self.difference(formulas, symbolic), .atMost(1e-12))
    numeric(run, model, data, rows, loops)
    mistakes(run, model, data, rows, symbolic)
    try cost(run)
    run.say("derived")
    try run.show(derived)
    run.decide(.deploy, "decision")
  }

  private func gradients(
    _ graph: Graph, _ model: PlainPerceptron<Double>, _ data: PlainImages<Double>, _ rows: Range<Int>,
    _ options: Session.Options
  ) throws -> [[Double]] {
    let hot = rows.flatMap { row in (0..<10).map { data.labels[row] == $0 ? 1.0 : 0 } }
    var inputs = ["y": try HostTensor(hot, [rows.count, 10])]
    inputs["x"] = try HostTensor(rows.flatMap { data.row($0) }, [rows.count, 784])
    for part in model.parts { inputs[part.name] = try HostTensor(part.values, part.sizes) }
    let outputs = try Session(graph, ParameterStore(), options: options).step(inputs)
    return Self.names.map { outputs[$0]?.elements(Double.self) ?? [] }
  }

  /// The largest difference of two gradients, each tensor's as a share of its largest element.
  static func difference(_ a: [[Double]], _ b: [[Double]]) -> Double {
    zip(a, b).map { own, other in
      if own.count != other.count { return Double.nan }
      let largest = other.map(abs).max() ?? .nan
      return (zip(own, other).map { abs($0 - $1) }.max() ?? .nan) / largest
    }.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
  }

  // MARK: Checks

  /// Central differences of the loss, for the elements of each tensor with the largest gradient.
  private func numeric(
    _ run: Run, _ model: PlainPerceptron<Double>, _ data: PlainImages<Double>, _ rows: Range<Int>,
    _ gradient: [[Double]]
  ) {
    let step = 1e-6
    let fields: [WritableKeyPath<PlainPerceptron<Double>, [Double]>] = [\.w1, \.b1, \.w2, \.b2]
    var (exact, errors): ([Double], [Double]) = ([], [])
    for (field, slopes) in zip(fields, gradient) {
      for place in slopes.indices.sorted(by: { abs(slopes[$0]) > abs(slopes[$1]) }).prefix(10) {
        let losses = [-step, step].map { change in
          var moved = model
          moved[keyPath: field][place] += change
          return moved.gradient(data, rows: rows).loss
        }
        exact.append(slopes[place])
        errors.append(abs((losses[1] - losses[0]) / (2 * step) - slopes[place]))
      }
    }
    run.heading("numeric")
    run.plot(
      "numeric.errors", x: "axis.gradient", y: "axis.difference", logX: true, logY: true,
      [.points("", exact.map(abs), errors.map { max($0, 1e-16) })])
    run.claim("numeric.error", errors.max() ?? .nan, .atMost(1e-7))
  }

  /// Three mistakes made on purpose: each must show.
  private func mistakes(
    _ run: Run, _ model: PlainPerceptron<Double>, _ data: PlainImages<Double>, _ rows: Range<Int>,
    _ right: [[Double]]
  ) {
    let texts = ["sign": run.text("sign"), "sum": run.text("sum"), "mask": run.text("mask")]
    let wrong = PlainPerceptron<Double>.Mistake.allCases.map { mistake in
      let gradient = model.gradient(data, rows: rows, mistake: mistake).gradient.parts.map(\.values)
      return (name: texts[mistake.rawValue] ?? "", difference: Self.difference(gradient, right))
    }
    run.heading("mistakes")
    run.table(["mistake", "difference"], wrong.map { [$0.name, NumberStyle.number.text($0.difference)] })
    run.claim("mistakes.found", Double(wrong.count { $0.difference > 1e-3 }), .equal(3), as: .integer)
  }

  /// Multiplications and additions of products, forward and backward, of the model of 1.2.
  private func cost(_ run: Run) throws {
    let forward = try TrainedPerceptron.forward(TrainedPerceptron.MLP())
    let both = try TrainedPerceptron.training(TrainedPerceptron.MLP(), rate: 1e-3)
    let (first, all) = (try forward.productOperations(), try both.productOperations())
    run.heading("cost")
    run.table(
      ["pass", "operations"],
      [[run.text("pass.forward"), "\(Int(first))"], [run.text("pass.backward"), "\(Int(all - first))"]])
    run.say("cost.why")
    run.claim("cost.ratio", (all - first) / first, .within(0.5...3))
  }
}
