import Jacquard

/// 3.4: diffusion on images with a small U-Net, drawn in a thousand noisy steps (DDPM) and in fifty without noise (DDIM).
struct ImageDiffusion: Exercise {
  let id = "3.4"
  private let schedule = NoiseSchedule()

  /// 16, 32 and 32 channels at 28, 14 and 7 pixels.
  private var model: ModelZoo.UNet { ModelZoo.UNet(16, 32, 32) }

  func run(_ run: Run) throws {
    let (store, loss) = try train(run)
    let count = run.pick(Self.drawn, quick: Self.quickDrawn)
    let steps = run.pick(1000, quick: 50)
    let noisy = ReverseWalk(schedule, count: steps, eta: 1)
    let direct = ReverseWalk.ddim(schedule, count: run.pick(50, quick: 10))
    run.heading("sampling")
    run.say("walk")
    let ddpm = try draw(run, store, "ddpm", noisy, count)
    let ddim = try draw(run, store, "ddim", direct, count)
    try show(run, noisy, ddpm, ddim)
    run.claim("loss.last", loss, Self.lossBound)
    if try judge(run, [ddpm.images, ddim.images]) <= 0.5 {
      run.decide(.deploy, "decision", ["steps": "\(steps / direct.steps.count)"])
    } else {
      run.decide(.redesign, "blurred")
    }
  }

  /// 2,000 steps: four epochs of 32,000 images.
  private func train(_ run: Run) throws -> (store: ParameterStore, loss: Double) {
    let data = try run.data.train().rows(0..<run.pick(32_000, quick: 1920))
    let (epochs, batch) = (run.epochs(4, quick: 1), 64)
    let rate = LearningRate.cosine(initial: run.learningRate(2e-3), steps: epochs * data.count / batch)
    let graph = try Graph("unet.train", mode: .training, symbols: ["N": 64]) { g in
      let x = g.input("x", Float.self, ["N", 1, 28, 28], feed: FeedHint(column: "image", scale: 1.0 / 255))
      let (noisy, noise, step) = schedule.diffuse(x * 2 - 1)
      let velocity = schedule.velocity(x * 2 - 1, noise, step: step)
      let loss = mse(g.module(model)(noisy, step: step), velocity)
      g.minimize(loss, with: Adam(learningRate: rate))
      g.averageParameters(decay: run.pick(0.995, quick: 0.9))
      g.output("loss", loss)
    }
    let trained = try run.fit(graph, on: data, epochs: epochs, batch: batch)
    run.heading("training")
    run.say("explained")
    let passed = trained.history.map { Double($0.epoch + 1) }
    run.plot("losses", x: "axis.epoch", y: "axis.loss", [.points("", passed, trained.history.map(\.loss))])
    return (try trained.store.averaged(), trained.history.last?.loss ?? .nan)
  }

  // MARK: Drawing

  private typealias Drawn = (images: HostTensor, paths: [[Float]])

  /// - Returns: Images from 0 to 1, `f32[count,784]`, and the first ones after each step.
  private func draw(
    _ run: Run, _ store: ParameterStore, _ name: String, _ walk: ReverseWalk, _ count: Int
  ) throws -> Drawn {
    let graph = try Graph("unet.\(name)") { g in
      let model = g.module(model)
      let start = g.normal(Float.self, [Dim(count), 1, 28, 28])
      let (images, paths) = schedule.sample(from: start, along: walk, limit: 1, paths: Self.shown) { x, step in
        schedule.noise(from: model(x, step: step), in: x, step: step)
      }
      g.output("images", clamp(images.reshaped([Dim(count), 784]) * 0.5 + 0.5, low: 0, high: 1))
      g.output("paths", clamp(paths * 0.5 + 0.5, low: 0, high: 1))
    }
    try run.save(graph)
    let result = try Session(graph, store, options: run.session).step()
    guard let images = result["images"], let paths = result["paths"]?.elements(Float.self) else {
      throw Diagnostic("no images", place: name)
    }
    return (images, stride(from: 0, to: paths.count, by: 784).map { Array(paths[$0..<$0 + 784]) })
  }

  private func show(_ run: Run, _ walk: ReverseWalk, _ ddpm: Drawn, _ ddim: Drawn) throws {
    let rows = [999, 600, 300, 100, 0].map { step in
      // The image after the first trip whose step is no later.
      let trip = walk.steps.firstIndex { $0 <= step } ?? 0
      let label = step == 0 ? run.text("ddpm") : run.text("step", ["step": "\(step)"])
      return (label, Array(ddpm.paths[trip * Self.shown..<(trip + 1) * Self.shown]))
    }
    try run.images("ways", rows: rows + [(run.text("ddim"), Array(ddim.paths.suffix(Self.shown)))])
  }

  // MARK: What they are worth

  /// - Returns: The distance of the images of DDPM, as a share of the plain autoencoder's.
  private func judge(_ run: Run, _ drawn: [HostTensor]) throws -> Double {
    let cnn = try ImageClassifier.cnn.trained(run).store
    let real = try ImageClassifier.cnn.answer(run.data.test().images(), cnn, run)
    let plain = try LatentModel.plain.prior(drawn[0].sizes[0], LatentModel.plain.trained(run).store, run)
    let answers = try (drawn + [plain]).map { try ImageClassifier.cnn.answer($0, cnn, run) }
    let distances = try answers.map { try frechetDistance($0.features, real.features, options: run.session) }
    run.bars(
      "distances", x: "axis.model", y: "axis.frechet", labels: ["ddpm", "ddim", "plain"].map { run.text($0) },
      groups: [("", distances)])
    let (drawnConfidence, realConfidence) = try (mean(answers[0].confidences()), mean(real.confidences()))
    let reason = run.text("confidence.reason", ["real": NumberStyle.percent.text(realConfidence)])
    run.claim("confidence", drawnConfidence, Self.confidenceBound, as: .percent, ofCourse: true, reason: reason)
    run.claim("frechet.ratio", distances[0] / distances[2], Self.frechetBound)
    run.claim(
      "ddim.ratio", distances[1] / distances[0], Self.ddimBound, ofCourse: true, reason: run.text("ddim.reason"))
    return distances[0] / distances[2]
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}

extension ImageDiffusion {
  private static let shown = 8
  private static let drawn = 128
  private static let quickDrawn = 16
  // Proposals that were not measured beforehand; the confidence and the share of DDIM are claims that a seed may refute. With
  // 2,000 steps of training that share was 1.37 (the noise as target: 1.43), with 4,000 1.34; more steps of DDIM and other
  // spacings do not help, new noise does. The loss is the velocity's, of variance about 1; its bound was set after a run that
  // ended at 0.18.
  private static let lossBound = Bound.atMost(0.25, fashion: 0.35, quick: 0.8)
  private static let confidenceBound = Bound.atLeast(0.7, quick: 0.2)
  private static let frechetBound = Bound.atMost(0.5, quick: 3)
  private static let ddimBound = Bound.atMost(1.3, quick: 3)
}
