import Foundation
import Jacquard

/// 3.2: a variational autoencoder with two latent numbers, from which images can be drawn.
struct VariationalAutoencoder: Exercise {
  let id = "3.2"

  func run(_ run: Run) throws {
    let bound = EvidenceBound()
    let trained = try LatentModel.vae.trained(run)
    report(run, trained)
    let encoder = try Predictor(LatentModel.vae.encoder(), trained.store, options: run.session)
    try latent(run, encoder, trained.store)
    try collapse(run)
    try samples(run, trained.store)
    bound.claim(run)
    try reparametrisation(run)
    run.decide(.redesign, "decision")
  }

  private func report(_ run: Run, _ trained: Trained) {
    run.heading("training")
    run.say("explained")
    run.code("z = m + s noise\nloss = sum over pixels of BCE(x, decode(z))\n     + KL(N(m, s^2) || N(0, 1))")
    run.plot(
      "losses", x: "axis.epoch", y: "axis.loss",
      [.line("", trained.history.map { Double($0.epoch + 1) }, trained.history.map(\.loss))])
    let divergences = divergences(trained)
    run.plot(
      "divergences", x: "axis.epoch", y: "axis.nats",
      [.line("", divergences.indices.map { Double($0 + 1) }, divergences)])
    run.claim("divergence", divergences.prefix(5).last ?? .nan, Self.divergenceBound)
  }

  /// On the test images, after each epoch.
  private func divergences(_ trained: Trained) -> [Double] {
    trained.history.map { $0.evaluation["divergence"] ?? .nan }
  }

  // MARK: The latent plane

  private func latent(_ run: Run, _ encoder: Predictor, _ store: ParameterStore) throws {
    let test = try run.data.test()
    let found = try encoder.predict(["x": test.images()])["code"]
    let codes = found?.elements(Float.self).map(Double.init) ?? []
    let labels = try test.integers("label")
    let shown = 0..<min(2000, test.count)
    run.heading("latent")
    run.scatter(
      "map", x: "axis.first", y: "axis.second", points: shown.map { [codes[2 * $0], codes[2 * $0 + 1]] },
      classes: shown.map { labels[$0] }, names: run.data.imageSet.classes)

    // From the first image of one class straight to the first of another.
    let ends = [0, 1].map { label in labels.firstIndex(of: label) ?? 0 }
    let walk = (0...10).flatMap { step in
      [0, 1].map { axis in
        let (from, to) = (codes[2 * ends[0] + axis], codes[2 * ends[1] + axis])
        return Float(from + (to - from) * Double(step) / 10)
      }
    }
    let decoder = try Predictor(LatentModel.vae.decoder(), store, options: run.session)
    let images = try decoder.predict(HostTensor(walk, [11, 2])).elements(Float.self)
    try run.images("path", rows: [("", (0...10).map { Array(images[$0 * 784..<($0 + 1) * 784]) })])
  }

  /// The same model, its reconstruction averaged over the pixels: 784 times too light.
  private func collapse(_ run: Run) throws {
    run.say("mean")
    let divergences = try divergences(LatentModel.collapsing.trained(run))
    run.claim("collapsed", divergences.last ?? .nan, .atMost(0.1))
  }

  // MARK: Samples

  private func samples(_ run: Run, _ store: ParameterStore) throws {
    let judge = try ImageClassifier.cnn.trained(run).store
    let drawn = try LatentModel.vae.prior(2000, store, run)
    let plain = try LatentModel.plain.prior(2000, LatentModel.plain.trained(run).store, run)
    let answers = try [drawn, plain].map { try ImageClassifier.cnn.answer($0, judge, run) }
    let real = try ImageClassifier.cnn.answer(run.data.test().images(), judge, run)
    let distances = try answers.map { try frechetDistance($0.features, real.features, options: run.session) }

    var shares = [Double](repeating: 0, count: 10)
    for label in answers[0].logits.largestInRows() { shares[label] += 1 / 2000 }
    let confidence = try answers[0].confidences().reduce(0, +) / 2000
    run.heading("samples")
    run.say("judged")
    try run.images("drawn", rows: [(run.text("vae"), first(drawn)), (run.text("plain"), first(plain))])
    run.bars("shares", x: "axis.class", y: "axis.fraction", labels: run.data.imageSet.classes, groups: [("", shares)])
    run.table(
      ["model", "frechet"], zip(["vae", "plain"], distances).map { [run.text($0), NumberStyle.number.text($1)] })
    run.claim("confidence", confidence, Self.confidenceBound, as: .percent)
    if run.isQuick {
      run.skip("least", because: run.text("untried"))
    } else {
      run.claim("least", shares.min() ?? .nan, Self.leastBound, as: .percent)
    }
    run.claim(
      "frechet.ratio", distances[0] / distances[1], Self.ratioBound, ofCourse: true, reason: run.text("frechet.reason"))
  }

  private func first(_ images: HostTensor) -> [[Float]] {
    let pixels = images.elements(Float.self)
    return (0..<12).map { Array(pixels[$0 * 784..<($0 + 1) * 784]) }
  }

  // MARK: The gradient through a draw

  /// d/dm of the mean of z^2 over z = m + s noise is 2 m: the compiler derives it through the draw.
  private func reparametrisation(_ run: Run) throws {
    let (mean, deviation, count) = (1.5, 0.7, 100_000)
    let graph = try Graph("reparametrisation") { g in
      let m = g.input("m", Double.self, [])
      let z = m + g.normal(Double.self, [Dim(count)]) * deviation
      g.output("gradient", grad(of: (z * z).mean(), withRespectTo: m))
    }
    let session = try Session(graph, ParameterStore(seed: run.seed), options: run.session)
    let gradient = try session.step(["m": HostTensor(mean)])["gradient"]?[linear: 0].asDouble ?? .nan
    let error = 2 * deviation / Double(count).squareRoot()
    run.claim("reparametrised", abs(gradient - 2 * mean) / error, .atMost(4))
  }
}

extension VariationalAutoencoder {
  // What full runs on MNIST give: with PyTorch (1 seed) divergence after 5 epochs 5.7, confidence 0.86, rarest class 4.4 %; here
  // (3 seeds) divergence 5.8 to 5.9, confidence 0.84 to 0.87, rarest class 1.4 to 4.2 %. The ratio hangs on where the plain
  // autoencoder's codes come to lie: 0.42 and 0.54 (2 seeds), so that the claim does not hold for every seed; with the plain one
  // trained for 5 epochs only it would (0.39 to 0.46). On Fashion-MNIST (1 seed): with PyTorch confidence 0.74, rarest class 2.0 %; here
  // 0.74, 2.1 %, divergence 6.0. The convolutional network that judges is this workshop's in all of them.
  // Quick runs (5 seeds, MNIST): divergence 2.0 to 2.7, confidence 0.35 to 0.46, ratio 0.70 to 0.90.
  private static let divergenceBound = Bound.atLeast(3, quick: 1)
  private static let confidenceBound = Bound.atLeast(0.72, fashion: 0.65, quick: 0.25)
  private static let leastBound = Bound.atLeast(0.01)
  private static let ratioBound = Bound.atMost(0.5, quick: 1.2)
}
