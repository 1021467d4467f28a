import Foundation
import Jacquard

/// The exclusive or, which no line separates: one layer fails from every start, two succeed from almost every one.
enum ExclusiveOr {
  static let data = PlainImages<Double>(
    pixels: [0, 0, 0, 1, 1, 0, 1, 1], labels: [0, 1, 1, 0], width: 2)
  static let steps = 2000

  /// One layer of two classes, by gradient descent on all four examples.
  static func oneLayer(seed: Int, rate: Double) -> (model: PlainSoftmaxRegression<Double>, losses: [Double]) {
    var model = PlainSoftmaxRegression<Double>(2, 2, seed: seed)
    let losses = (0..<steps).map { _ in model.step(data, rows: 0..<4, rate: rate) }
    return (model, losses)
  }

  /// Eight hidden units between.
  static func twoLayers(seed: Int, rate: Double) -> (model: PlainPerceptron<Double>, losses: [Double]) {
    var model = PlainPerceptron<Double>(2, 8, 2, seed: seed)
    let losses = (0..<steps).map { _ in
      let (loss, gradient) = model.gradient(data, rows: 0..<4)
      model.descend(gradient, rate: rate)
      return loss
    }
    return (model, losses)
  }

  static func report(_ run: Run) {
    run.heading("xor")
    run.say("xor.why")
    let rate = run.learningRate(0.5)
    let seeds = run.pick(100, quick: 20)
    var (best, worstLoss, solved) = (0.0, 0.0, 0)
    run.progress("xor.training", seeds) { index in
      let (one, losses) = oneLayer(seed: 1000 * run.seed + index, rate: rate)
      best = max(best, data.accuracy(one.logits).value)
      worstLoss = max(worstLoss, abs((losses.last ?? .nan) - log(2)))
      let two = twoLayers(seed: 1000 * run.seed + index, rate: rate).model
      if data.accuracy({ two.forward($0).logits }).value == 1 { solved += 1 }
    }
    draw(run, rate)
    run.claim("xor.one", best, .atMost(0.75), as: .percent)
    // PyTorch, 30 seeds: after 1,000 steps all within 2e-16.
    run.claim("xor.ln2", worstLoss, .atMost(1e-6))
    // NumPy, three times 100 seeds, 2,000 steps at 0.5: 97, 97, 98.
    run.claim("xor.two", Double(solved) / Double(seeds), .atLeast(0.95), as: .percent)
  }

  /// The losses of one seed, and where its two layers say 1.
  private static func draw(_ run: Run, _ rate: Double) {
    let (one, two) = (oneLayer(seed: run.seed, rate: rate).losses, twoLayers(seed: run.seed, rate: rate))
    let places = stride(from: 0, to: steps, by: 10)
    let x = places.map(Double.init)
    run.plot(
      "xor.losses", x: "axis.step", y: "axis.loss",
      [
        .line(run.text("xor.layer"), x, places.map { one[$0] }),
        .line(run.text("xor.layers"), x, places.map { two.losses[$0] }),
        .dashes("ln 2", [0, Double(steps)], [log(2), log(2)]),
      ])
    let ticks = (0...30).map { -0.5 + Double($0) / 15 }
    let points = ticks.flatMap { a in ticks.map { [a, $0] } }
    let classes = points.map { point in
      let logits = two.model.forward(point[...]).logits
      return logits[1] > logits[0] ? 1 : 0
    }
    run.scatter("xor.plane", x: "axis.x1", y: "axis.x2", points: points, classes: classes, names: ["0", "1"])
  }
}
