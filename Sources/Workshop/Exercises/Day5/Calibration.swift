import Jacquard

/// 5.2: whether a model is as often right as it says, and one number that makes it so.
struct Calibration: Exercise {
  let id = "5.2"

  /// One trained model, judged on the test images before and after its logits are divided by a temperature.
  struct Judgement {
    let accuracy: Proportion
    let scaling: TemperatureScaling
    let before: Reliability
    let after: Reliability
    /// Mean negative log-likelihood of the test images, in nats.
    let losses: (before: Double, after: Double)
  }

  /// Trains the perceptron of 1.2 on a few images; fits the temperature on others.
  static func judge(_ run: Run, images: Int, epochs: Int) throws -> Judgement {
    let model = TrainedPerceptron.MLP()
    let data = try run.data.train()
    let trained = try run.fit(
      TrainedPerceptron.training(model, rate: run.learningRate(1e-3)), on: data.rows(0..<images), epochs: epochs)
    let predictor = try Predictor(TrainedPerceptron.forward(model), trained.store, options: run.session)
    let (held, test) = (try data.rows(data.count - 5000..<data.count), try run.data.test())
    let scaling = try TemperatureScaling(
      fitting: predictor.predict(held.images()), labels: held.integers("label"))
    let (logits, labels) = (try predictor.predict(test.images()), try test.integers("label"))
    return Judgement(
      accuracy: Proportion(correct: logits.largestInRows(), labels), scaling: scaling,
      before: try Reliability(logits: logits, labels: labels),
      after: try Reliability(logits: logits, labels: labels, temperature: scaling.temperature),
      losses: (
        try logits.negativeLogLikelihood(of: labels),
        try logits.negativeLogLikelihood(of: labels, temperature: scaling.temperature)
      ))
  }

  func run(_ run: Run) throws {
    let images = run.pick(5000, quick: 2000)
    let long = try Self.judge(run, images: images, epochs: run.epochs(60, quick: 60))
    let short = try Self.judge(run, images: images, epochs: run.epochs(8, quick: 8))
    run.heading("overconfident")
    run.say("explained")
    diagrams(run, ("long.before", "long.after"), long)
    run.heading("calibrated")
    run.say("nothing")
    diagrams(run, ("short.before", "short.after"), short)
    table(run, [("long", long), ("short", short)])
    claims(run, long, short)
    run.decide(
      .deploy, "decision",
      [
        "temperature": NumberStyle.number.text(long.scaling.temperature),
        "error": NumberStyle.percent.text(long.after.expectedCalibrationError),
      ])
  }

  /// MNIST in full was measured beforehand (ECE 3.36 -> 0.52 %, T 1.90). Calibrated with PyTorch, seeds 0 to 2: Fashion-MNIST
  /// ECE 7.6 to 7.9 %, of which 0.14 to 0.15 is left, T 1.85 to 1.87. Quick (2,000 images, 2,000 held out): MNIST 6.8 to 7.0 %,
  /// 0.14 to 0.23, T 1.72 to 1.77; Fashion-MNIST 6.6 to 8.0 %, 0.25 to 0.45, T 1.84 to 1.95. After 8 epochs T is 0.97 to 1.03,
  /// quick 0.88 to 0.96.
  private func claims(_ run: Run, _ long: Judgement, _ short: Judgement) {
    let (before, after) = (long.before.expectedCalibrationError, long.after.expectedCalibrationError)
    run.claim(
      "accuracy", long.accuracy.value, .atLeast(0.92, fashion: 0.82, quick: 0.84, quickFashion: 0.74), as: .percent,
      interval: long.accuracy.interval())
    run.claim("before", before, .atLeast(0.02), as: .percent)
    run.claim("ratio", after / before, .atMost(0.4, quickFashion: 0.6))
    run.claim("temperature", long.scaling.temperature, .atLeast(1.3))
    run.claim("optimum", long.scaling.gradient, .atMost(1e-5))
    run.claim("likelihood", long.losses.before - long.losses.after, .atLeast(0.005))
    run.claim("short.temperature", short.scaling.temperature, .within(0.85...1.15, quick: 0.75...1.15))
  }

  /// Accuracy over confidence: a model that is as good as it says lies on the diagonal.
  private func diagrams(_ run: Run, _ keys: (String, String), _ judgement: Judgement) {
    for (key, reliability) in [(keys.0, judgement.before), (keys.1, judgement.after)] {
      let bins = reliability.bins.filter { $0.count > 0 }
      run.plot(
        key, x: "axis.confidence", y: "axis.accuracy",
        [
          .boxes(
            run.text("measured"), reliability.bins.map { ($0.range.lowerBound + $0.range.upperBound) / 2 },
            reliability.bins.map { $0.count > 0 ? $0.accuracy : 0 }),
          .dashes(run.text("perfect"), [0, 1], [0, 1]),
          .points(run.text("confidence"), bins.map(\.confidence), bins.map(\.accuracy)),
        ])
    }
  }

  private func table(_ run: Run, _ rows: [(String, Judgement)]) {
    run.table(
      ["model", "axis.accuracy", "temperature.name", "ece.before", "ece.after", "nll.before", "nll.after"],
      rows.map { name, judgement in
        [run.text(name), NumberStyle.percent.text(judgement.accuracy.value)]
          + [NumberStyle.number.text(judgement.scaling.temperature)]
          + [judgement.before, judgement.after].map { NumberStyle.percent.text($0.expectedCalibrationError) }
          + [judgement.losses.before, judgement.losses.after].map(NumberStyle.number.text)
      })
  }
}
