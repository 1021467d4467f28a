import Jacquard

/// What one layer can do with images: Rosenblatt's perceptron on two classes, logistic regression on ten.
enum LinearClassifiers {
  /// - Returns: The accuracy of logistic regression on the test images.
  static func report(_ run: Run, _ test: PlainImages<Double>) throws -> Double {
    run.heading("linear")
    run.say("linear.why")
    let train = try PlainImages<Double>(try run.data.train())
    let order = Shuffle.seeded(run.seed).order(count: train.count, epoch: 0).map(Int.init)
    perceptron(run, train, test, order)

    var model = PlainSoftmaxRegression<Double>(784, 10, seed: run.seed)
    var losses: [Double] = []
    let rate = run.learningRate(0.1)
    let steps = (order.count + 127) / 128
    run.progress("linear.training", steps) { step in
      losses.append(model.step(train, rows: order[step * 128..<min(order.count, step * 128 + 128)], rate: rate))
    }
    let accuracy = test.accuracy(model.logits)
    // PyTorch, one epoch of SGD at 0.1, MNIST, 3 seeds: 89.9 to 90.0 % (quick 80.8 to 81.6); Fashion-MNIST, 1 seed: 81.2 %.
    run.claim(
      "logistic.accuracy", accuracy.value, .atLeast(0.88, fashion: 0.76, quick: 0.79, quickFashion: 0.68),
      as: .percent, interval: accuracy.interval())
    run.plot(
      "linear.losses", x: "axis.step", y: "axis.loss", [.line("", losses.indices.map(Double.init), losses)])
    try templates(run, model)
    return accuracy.value
  }

  private static func perceptron(
    _ run: Run, _ train: PlainImages<Double>, _ test: PlainImages<Double>, _ order: [Int]
  ) {
    let rows = order.filter { train.labels[$0] < 2 }
    var unit = PlainThresholdUnit<Double>(784)
    let mistakes = unit.pass(train, rows: rows, rate: run.learningRate(1))
    let held = (0..<test.count).filter { test.labels[$0] < 2 }
    let right = held.count { (unit.score(test.row($0)) > 0) == (test.labels[$0] == 1) }
    let accuracy = Proportion(of: right, among: held.count)
    let names = run.data.imageSet.classes
    run.say(
      "perceptron.passed",
      ["mistakes": "\(mistakes)", "count": "\(rows.count)", "first": names[0], "second": names[1]])
    // PyTorch, one pass, MNIST, 3 seeds: 99.8 to 99.9 % (quick 100); Fashion-MNIST, 1 seed: 95.7 %.
    run.claim(
      "perceptron.accuracy", accuracy.value, .atLeast(0.99, fashion: 0.93, quick: 0.98, quickFashion: 0.92),
      as: .percent, interval: accuracy.interval())
  }

  /// The weights of each class as an image: bright pixels speak for it, dark ones against.
  private static func templates(_ run: Run, _ model: PlainSoftmaxRegression<Double>) throws {
    let largest = model.weight.map(abs).max() ?? 1
    let images = (0..<10).map { label in
      (0..<784).map { Float(0.5 + 0.5 * model.weight[$0 * 10 + label] / largest) }
    }
    try run.images("linear.weights", rows: [(label: "", images: images)])
  }
}
