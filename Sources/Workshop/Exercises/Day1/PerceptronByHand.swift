import Foundation
import Jacquard

/// 1.1: the multilayer perceptron 784-256-10 as arrays and loops of plain Swift, and what a single layer cannot do.
struct PerceptronByHand: Exercise {
  let id = "1.1"

  func run(_ run: Run) throws {
    let model = PlainPerceptron<Double>(784, 256, 10, seed: run.seed)
    let test = try PlainImages<Double>(try run.data.test())
    forward(run, model, test)
    collapse(run, model, test)
    try spectrum(run, model)
    let linear = try LinearClassifiers.report(run, test)
    ExclusiveOr.report(run)
    run.decide(.redesign, "decision", ["accuracy": NumberStyle.percent.text(linear)])
  }

  // MARK: Forward

  private func forward(_ run: Run, _ model: PlainPerceptron<Double>, _ test: PlainImages<Double>) {
    run.heading("forward")
    run.code("z1 = x W1 + b1\nh  = max(0, z1)\nz2 = h W2 + b2\np  = softmax(z2)")
    run.table(
      ["parameter", "shape", "count"],
      model.parts.map { [$0.name, $0.sizes.map(String.init).joined(separator: " x "), "\($0.values.count)"] })
    run.claim("parameters", Double(model.parameterCount), .equal(203_530), as: .integer)
    let sums = (0..<100).map { Rows.softmax(model.forward(test.row($0)).logits).reduce(0, +) }
    run.claim("sums", sums.map { abs($0 - 1) }.max() ?? .nan, .atMost(1e-14))
    // A model that has not learnt: one class in ten, give or take.
    let accuracy = test.accuracy { model.forward($0).logits }
    run.claim("untrained", accuracy.value, .within(0.01...0.25), as: .percent, interval: accuracy.interval())
  }

  // MARK: Two affine layers

  /// Without ReLU, (x W1 + b1) W2 + b2 = x (W1 W2) + (b1 W2 + b2).
  private func collapse(_ run: Run, _ model: PlainPerceptron<Double>, _ test: PlainImages<Double>) {
    let (hidden, outputs) = (model.hidden, model.outputs)
    var joined = PlainSoftmaxRegression<Double>(model.inputs, outputs, seed: 0)
    for i in 0..<model.inputs {
      var row = [Double](repeating: 0, count: outputs)
      Rows.multiply(model.w1[i * hidden..<(i + 1) * hidden], model.w2, width: outputs, addingTo: &row)
      joined.weight.replaceSubrange(i * outputs..<(i + 1) * outputs, with: row)
    }
    joined.bias = model.b2
    Rows.multiply(model.b1[...], model.w2, width: outputs, addingTo: &joined.bias)
    let differences = (0..<200).flatMap { n in
      var (h, two) = (model.b1, model.b2)
      Rows.multiply(test.row(n), model.w1, width: hidden, addingTo: &h)
      Rows.multiply(h[...], model.w2, width: outputs, addingTo: &two)
      return zip(two, joined.logits(test.row(n))).map { abs($0 - $1) }
    }
    run.heading("affine")
    run.say("affine.why", ["count": "\(joined.weight.count + joined.bias.count)"])
    run.claim("affine.error", differences.max() ?? .nan, .atMost(1e-12))
  }

  // MARK: Singular values

  /// Along which directions, and how much, the first layer stretches.
  private func spectrum(_ run: Run, _ model: PlainPerceptron<Double>) throws {
    let columns = run.pick(256, quick: 64)
    let rows = model.inputs
    let matrix = (0..<rows).flatMap { model.w1[$0 * model.hidden..<$0 * model.hidden + columns] }
    let values = SingularValues.of(matrix, rows: rows, columns: columns)
    let graph = try Graph("svd") { g in
      g.output("s", svd(g.input("w", Double.self, [Dim(rows), Dim(columns)])).s)
    }
    let judge =
      try Session(graph, ParameterStore(), options: run.session)
      .step(["w": HostTensor(matrix, [rows, columns])])["s"]?.elements(Double.self) ?? []
    let error = zip(values, judge).map { abs($0 - $1) }.max() ?? .nan
    // Numbers of deviation d in an m x n matrix: d (sqrt(m) +- sqrt(n)), the more exactly the larger it is.
    let deviation = 1 / (3 * Double(rows)).squareRoot()
    let edges = [1.0, -1].map { deviation * (Double(rows).squareRoot() + $0 * Double(columns).squareRoot()) }
    run.heading("singular")
    run.say("singular.why", ["high": NumberStyle.number.text(edges[0]), "low": NumberStyle.number.text(edges[1])])
    let places = values.indices.map { Double($0 + 1) }
    run.plot(
      "singular.values", x: "axis.index", y: "axis.singular",
      [
        .line(run.text("singular.drawn"), places, values),
        .dashes(run.text("singular.edges"), [1, Double(columns)], [edges[0], edges[0]]),
        .dashes("", [1, Double(columns)], [edges[1], edges[1]]),
      ])
    run.claim("singular.error", values.count == judge.count ? error : .nan, .atMost(1e-12))
    // NumPy, 3 seeds: 0.983 to 0.992 and 1.007 to 1.034, with 64 columns as with 256.
    run.claim("singular.high", (values.first ?? .nan) / edges[0], .within(0.97...1.03))
    run.claim("singular.low", (values.last ?? .nan) / edges[1], .within(0.95...1.05))
  }
}
