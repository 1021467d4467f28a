import Jacquard

/// 1.2: the multilayer perceptron 784-256-10, declared, differentiated by the compiler, and trained on images.
struct TrainedPerceptron: Exercise {
  let id = "1.2"

  /// Two affine maps with a ReLU between them.
  struct MLP: Module {
    let hidden = Linear(784, 256)
    let output = Linear(256, 10)

    func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> { output(relu(hidden(x))) }
  }

  /// Images in, one logit a class out.
  static func forward(_ model: MLP) throws -> Graph {
    try Graph("perceptron", symbols: ["N": 128]) { g in
      g.output("logits", g.module(model)(images(g)))
    }
  }

  /// A whole step: forward, loss, backward, Adam.
  static func training(_ model: MLP, rate: Double) throws -> Graph {
    try Graph("perceptron.train", mode: .training, symbols: ["N": 128]) { g in
      let labels = g.input("y", Int32.self, ["N"])
      let loss = crossEntropy(logits: g.module(model)(images(g)), labels: labels)
      g.minimize(loss, with: Adam(learningRate: .constant(rate)))
      g.output("loss", loss)
    }
  }

  /// Pixels from 0 to 255 become numbers from 0 to 1.
  static func images(_ g: GraphContext) -> Tensor<Float> {
    g.input("x", Float.self, ["N", 784], feed: FeedHint(column: "image", scale: 1.0 / 255))
  }

  func run(_ run: Run) throws {
    let model = MLP()
    let forward = try Self.forward(model)
    let training = try Self.training(model, rate: run.learningRate(1e-3))
    let test = try run.data.test()
    let trained = try run.fit(
      training, on: run.data.train(), epochs: run.epochs(5, quick: 2), evaluating: (forward, test))

    let predictor = try Predictor(forward, trained.store, options: run.session)
    let predicted = try predictor.predict(test.images()).largestInRows()
    let labels = try test.integers("label")
    let confusion = ConfusionMatrix(labels: labels, predictions: predicted, classes: 10)
    let accuracy = confusion.accuracy

    run.claim("parameters", Double(trained.store.parameterCount), .equal(203_530), as: .integer)
    run.claim(
      "accuracy", accuracy.value, .atLeast(0.970, fashion: 0.860, quick: 0.870, quickFashion: 0.790), as: .percent,
      interval: accuracy.interval())
    run.claim("seconds", trained.seconds, .atMost(60))
    report(run, trained, confusion)
    try wrong(run, test, predicted, labels)
    let weakest = confusion.recall.indices.min { confusion.recall[$0] < confusion.recall[$1] } ?? 0
    run.decide(
      .redesign, "decision",
      [
        "class": run.data.imageSet.classes[weakest],
        "recall": NumberStyle.percent.text(confusion.recall[weakest]),
      ])
  }

  private func report(_ run: Run, _ trained: Trained, _ confusion: ConfusionMatrix) {
    let epochs = trained.history.map { Double($0.epoch + 1) }
    run.heading("training")
    run.say("explained")
    run.plot(
      "losses", x: "axis.epoch", y: "axis.loss", [.line(run.text("train"), epochs, trained.history.map(\.loss))])
    run.plot(
      "accuracies", x: "axis.epoch", y: "axis.accuracy",
      [.line(run.text("test"), epochs, trained.history.compactMap { $0.evaluation["accuracy"] })])
    let names = run.data.imageSet.classes
    run.heading("classes")
    run.bars(
      "recall", x: "axis.class", y: "axis.fraction", labels: names,
      groups: [(run.text("precision"), confusion.precision), (run.text("recalled"), confusion.recall)])
    let rows = confusion.counts.map { row in row.map { Double($0) / Double(max(1, row.reduce(0, +))) } }
    run.heatMap("confusion", x: "axis.predicted", y: "axis.true", rows, columns: names, rows: names)
  }

  /// Some images that the model gets wrong.
  private func wrong(_ run: Run, _ test: DataSet, _ predicted: [Int], _ labels: [Int]) throws {
    let pixels = try test.images().elements(Float.self)
    let rows = (0..<10).map { label in
      let places = labels.indices.filter { labels[$0] == label && predicted[$0] != label }.prefix(12)
      let images = places.map { Array(pixels[$0 * 784..<($0 + 1) * 784]) }
      return (label: run.data.imageSet.classes[label], images: images)
    }
    try run.images("wrong", rows: rows.filter { !$0.images.isEmpty })
  }
}
