import Foundation
import Jacquard

/// 1.4: an autoencoder with two latent numbers, its map of the digits, and the linear one, which can only find what PCA finds.
struct LatentPlane: Exercise {
  let id = "1.4"

  struct Autoencoder: Module {
    let encoder1 = Linear(784, 256)
    let encoder2 = Linear(256, 64)
    let latent = Linear(64, 2)
    let decoder1 = Linear(2, 64)
    let decoder2 = Linear(64, 256)
    let output = Linear(256, 784)

    func encode(_ x: Tensor<Float>) -> Tensor<Float> { latent(relu(encoder2(relu(encoder1(x))))) }
    func decode(_ z: Tensor<Float>) -> Tensor<Float> { output(relu(decoder2(relu(decoder1(z))))) }
  }

  /// No activation anywhere: a plane in the space of images.
  struct LinearAutoencoder: Module {
    let encoder = Linear(784, 2)
    let decoder = Linear(2, 784)

    func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> { decoder(encoder(x)) }
  }

  /// The mean squared error over all pixels; with a rate a whole training step.
  private static func graph(
    _ name: String, rate: LearningRate?, _ reconstruct: (GraphContext, Tensor<Float>) -> Tensor<Float>
  ) throws -> Graph {
    try Graph(name, mode: rate == nil ? .evaluation : .training, symbols: ["N": 128]) { g in
      let x = TrainedPerceptron.images(g)
      let loss = mse(reconstruct(g, x), x)
      if let rate { g.minimize(loss, with: Adam(learningRate: rate)) }
      g.output("loss", loss)
    }
  }

  func run(_ run: Run) throws {
    let (train, test) = (try run.data.train(), try run.data.test())
    let model = Autoencoder()
    let whole = { (g: GraphContext, x: Tensor<Float>) in g.module(model).decode(model.encode(x)) }
    let rate = LearningRate.constant(run.learningRate(1e-3))
    let trained = try run.fit(
      Self.graph("autoencoder.train", rate: rate, whole), on: train, epochs: run.epochs(5, quick: 5),
      evaluating: (Self.graph("autoencoder.loss", rate: nil, whole), test))
    let pca = try PCA(fitting: try train.images(), components: 2, options: run.session)
    let error = trained.history.last?.evaluation["loss"] ?? .nan
    let planeError = try Self.error(of: pca, test)

    run.heading("training")
    let epochs = trained.history.map { Double($0.epoch + 1) }
    run.plot(
      "losses", x: "axis.epoch", y: "axis.loss",
      [
        .line(run.text("train"), epochs, trained.history.map(\.loss)),
        .line(run.text("test"), epochs, trained.history.compactMap { $0.evaluation["loss"] }),
        .dashes(run.text("pca"), [1, epochs.last ?? 1], [planeError, planeError]),
      ])
    // PyTorch, 3 seeds, quick: MNIST 0.851 to 0.878, Fashion-MNIST 0.694 to 0.704; the full bounds are proposals.
    run.claim(
      "error.ratio", error / planeError, .atMost(0.80, fashion: 0.75, quick: 0.95, quickFashion: 0.80))
    try map(run, model, trained.store, test, pca)
    try linear(run, train, pca)
    run.decide(.redesign, "decision", ["ratio": NumberStyle.percent.text(error / planeError)])
  }

  /// The mean squared error of images from their two coordinates.
  private static func error(of pca: PCA, _ data: DataSet) throws -> Double {
    let images = try data.images()
    let (a, b) = (
      images.elements(Float.self), try pca.inverseTransform(try pca.transform(images)).elements(Double.self)
    )
    let squares = zip(a, b).map { original, nearest in pow(Double(original) - nearest, 2) }
    return squares.reduce(0, +) / Double(a.count)
  }

  // MARK: The latent plane

  private func map(
    _ run: Run, _ model: Autoencoder, _ store: ParameterStore, _ test: DataSet, _ pca: PCA
  ) throws {
    let encoder = try Graph("encoder", symbols: ["N": 128]) { g in
      g.output("code", g.module(model).encode(TrainedPerceptron.images(g)))
    }
    let decoder = try Graph("decoder", symbols: ["N": 128]) { g in
      g.output("image", g.module(model).decode(g.input("code", Float.self, ["N", 2])))
    }
    for graph in [encoder, decoder] { try run.save(graph) }
    let images = try test.images()
    let codes = try Predictor(encoder, store, options: run.session).predict(images).elements(Float.self)
    let labels = try test.integers("label")
    let points = labels.indices.map { [Double(codes[2 * $0]), Double(codes[2 * $0 + 1])] }
    run.heading("map")
    run.scatter(
      "map.codes", x: "axis.z1", y: "axis.z2", points: Array(points.prefix(2000)), classes: Array(labels.prefix(2000)),
      names: run.data.imageSet.classes)
    let decode = { (codes: [Float]) throws -> [[Float]] in
      let input = try HostTensor(codes, [codes.count / 2, 2])
      return Self.rows(try Predictor(decoder, store, options: run.session).predict(input).elements(Float.self))
    }
    let first = (0..<10).compactMap { label in labels.firstIndex(of: label) }
    let flat = try pca.inverseTransform(try pca.transform(images)).elements(Double.self).map { Float($0) }
    let (pixels, nearest) = (Self.rows(images.elements(Float.self)), Self.rows(flat))
    try run.images(
      "reconstructions",
      rows: [
        (run.text("original"), first.map { pixels[$0] }),
        (run.text("autoencoder"), try decode(first.flatMap { [codes[2 * $0], codes[2 * $0 + 1]] })),
        (run.text("pca"), first.map { nearest[$0] }),
      ])
    try walk(run, first.map { [codes[2 * $0], codes[2 * $0 + 1]] }, decode)
  }

  private static func rows(_ pixels: [Float]) -> [[Float]] {
    stride(from: 0, to: pixels.count, by: 784).map { Array(pixels[$0..<$0 + 784]) }
  }

  /// Images along straight lines between the codes of two classes.
  private func walk(_ run: Run, _ codes: [[Float]], _ decode: ([Float]) throws -> [[Float]]) throws {
    let names = run.data.imageSet.classes
    let pairs = [(0, 1), (3, 8), (4, 7)]
    let strips = try pairs.map { from, to in
      var line: [Float] = []
      for step in 0..<10 {
        let part = Float(step) / 9
        for axis in 0..<2 { line.append((1 - part) * codes[from][axis] + part * codes[to][axis]) }
      }
      return (label: "\(names[from]) - \(names[to])", images: try decode(line))
    }
    run.say("walk.why")
    try run.images("walk", rows: strips)
  }

  // MARK: The linear one

  /// Among all planes PCA's is the nearest to the images, so the linear autoencoder can at best reach its error.
  private func linear(_ run: Run, _ train: DataSet, _ pca: PCA) throws {
    let model = LinearAutoencoder()
    let epochs = run.epochs(10, quick: 20)
    let steps = epochs * ((train.count + 127) / 128)
    let rate = LearningRate.cosine(initial: run.learningRate(1e-2), steps: steps)
    let whole = { (g: GraphContext, x: Tensor<Float>) in g.module(model)(x) }
    let trained = try run.fit(
      Self.graph("linear.train", rate: rate, whole), on: train, epochs: epochs,
      evaluating: (Self.graph("linear.loss", rate: nil, whole), train))
    let shares = pca.explainedVarianceRatio
    let rest = pca.explainedVariance[0] / shares[0] * (1 - shares[0] - shares[1])
    let least = rest * Double(train.count - 1) / Double(train.count) / 784
    let error = trained.history.last?.evaluation["loss"] ?? .nan
    run.heading("linear")
    run.say("linear.why")
    run.table(
      ["way", "error"],
      [[run.text("pca"), NumberStyle.number.text(least)], [run.text("linear.ae"), NumberStyle.number.text(error)]])
    // Below 1 is a bug. PyTorch, 1 seed, quick: MNIST 1.004, Fashion-MNIST 1.027; full: 1.0004. The full bound is the course's.
    run.claim(
      "linear.ratio", error / least,
      .within(1.0...1.01, quick: 1.0...1.02, quickFashion: 1.0...1.05))
  }
}
