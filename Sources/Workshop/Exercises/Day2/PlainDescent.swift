import Foundation
import Jacquard

/// 2.3: stochastic gradient descent as an explicit loop in plain Swift.
struct PlainDescent: Exercise {
  let id = "2.3"
  static let batch = 128

  func run(_ run: Run) throws {
    let train = try PlainImages<Float>(try run.data.train())
    let test = try PlainImages<Float>(try run.data.test())
    try gradients(run)

    var model = PlainPerceptron<Float>(784, 256, 10, seed: run.seed)
    let before = test.accuracy { model.forward($0).logits }
    let rate = Float(run.learningRate(0.1))
    let order = Shuffle.seeded(run.seed).order(count: train.count, epoch: 0).map(Int.init)
    var losses: [Double] = []
    run.progress("descending", (order.count + Self.batch - 1) / Self.batch) { step in
      let rows = order[step * Self.batch..<min(order.count, (step + 1) * Self.batch)]
      let (loss, gradient) = model.gradient(train, rows: rows)
      model.descend(gradient, rate: rate)
      losses.append(Double(loss))
    }
    let accuracy = test.accuracy { model.forward($0).logits }

    run.heading("descent")
    run.code(
      "for rows in batches {\n  let (loss, gradient) = model.gradient(images, rows: rows)\n"
        + "  model.descend(gradient, rate: 0.1)   // p - rate * g\n}")
    run.plot("losses", x: "axis.step", y: "axis.loss", [.line("", losses.indices.map(Double.init), losses)])
    // PyTorch, 3 seeds, one epoch of SGD at 0.1: MNIST 91.2 to 91.8 % (quick 72.1 to 80.4), Fashion-MNIST quick 61.0 to 66.9;
    // its full bound is a proposal.
    run.claim(
      "accuracy", accuracy.value, .atLeast(0.90, fashion: 0.78, quick: 0.68, quickFashion: 0.57), as: .percent,
      interval: accuracy.interval())
    try sameAsGraph(run, model, test)
    run.decide(
      .redesign, "decision",
      ["before": NumberStyle.percent.text(before.value), "after": NumberStyle.percent.text(accuracy.value)])
  }

  // MARK: Gradients of batches

  /// The mean of the batches' gradients, each counted by its size, is the gradient of all images; single ones scatter around it.
  private func gradients(_ run: Run) throws {
    let data = try PlainImages<Double>(try run.data.train())
    let model = PlainPerceptron<Double>(784, 256, 10, seed: run.seed)
    let full = model.gradient(data, rows: 0..<data.count).gradient
    let order = Shuffle.seeded(run.seed).order(count: data.count, epoch: 0).map(Int.init)
    var mean = PlainPerceptron<Double>(zeros: 784, 256, 10)
    run.progress("averaging", (data.count + Self.batch - 1) / Self.batch) { step in
      let rows = order[step * Self.batch..<min(data.count, (step + 1) * Self.batch)]
      mean.add(model.gradient(data, rows: rows).gradient, times: Double(rows.count) / Double(data.count))
    }
    run.heading("mean")
    run.say("mean.why")
    run.claim(
      "mean.error", BackwardFormulas.difference(mean.parts.map(\.values), full.parts.map(\.values)), .atMost(1e-12))
    noise(run, model, data, order, full)
  }

  /// How far the gradient of a batch is from the full one, by its size.
  private func noise(
    _ run: Run, _ model: PlainPerceptron<Double>, _ data: PlainImages<Double>, _ order: [Int],
    _ full: PlainPerceptron<Double>
  ) {
    let (sizes, draws) = ([4, 16, 64, 256], 24)
    let errors = sizes.map { size in
      let squares = (0..<draws).map { draw in
        var difference = model.gradient(data, rows: order[draw * size..<(draw + 1) * size]).gradient
        difference.add(full, times: -1)
        return difference.parts.flatMap(\.values).reduce(0) { $0 + $1 * $1 }
      }
      return (squares.reduce(0, +) / Double(draws)).squareRoot()
    }
    let x = sizes.map(Double.init)
    let fall = x.map { errors[0] * (x[0] / $0).squareRoot() }
    run.plot(
      "noise", x: "axis.batch", y: "axis.noise", logX: true, logY: true,
      [.points(run.text("measured"), x, errors), .dashes(run.text("root"), x, fall)])
    // Independent draws give -0.5.
    run.claim("noise.slope", log(errors[3] / errors[0]) / log(x[3] / x[0]), .within(-0.6 ... -0.4))
  }

  // MARK: The graph

  /// What the loops learnt, in the graph of 1.2.
  private func sameAsGraph(_ run: Run, _ model: PlainPerceptron<Float>, _ test: PlainImages<Float>) throws {
    let store = ParameterStore(seed: run.seed)
    let names = ["hidden/weight", "hidden/bias", "output/weight", "output/bias"]
    for (name, part) in zip(names, model.parts) { try store.set(name, HostTensor(part.values, part.sizes)) }
    try run.save(store, as: "perceptron")
    let graph = try TrainedPerceptron.forward(TrainedPerceptron.MLP())
    try run.save(graph)
    let count = min(500, test.count)
    let images = try HostTensor(Array(test.pixels.prefix(count * 784)), [count, 784])
    let logits = try Predictor(graph, store, options: run.session).predict(images).elements(Float.self)
    let own = (0..<count).flatMap { model.forward(test.row($0)).logits }
    let error = zip(logits, own).map { abs(Double($0 - $1)) }.max() ?? .nan
    run.claim("graph.error", logits.count == own.count ? error : .nan, .atMost(1e-4))
  }
}
