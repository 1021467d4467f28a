import Jacquard

/// Images as two numbers and back, 784-256-512-2-128-256-784: as a variational autoencoder, or as a plain one of the same size. The
/// same recipe finds the same weights in 3.2 and 3.4.
enum LatentModel: String, CaseIterable {
  case vae, plain
  /// The variational one with a loss that is a mean over the pixels: its divergence then outweighs all else.
  case collapsing

  struct Layers: Module {
    let encoder1 = Linear(784, 256)
    let encoder2 = Linear(256, 512)
    let mean = Linear(512, 2)
    let logVariance = Linear(512, 2)
    let decoder1 = Linear(2, 128)
    let decoder2 = Linear(128, 256)
    let output = Linear(256, 784)

    /// Mean and logarithm of the variance of the code. Without an upper limit a single unusual image can make the variance infinite: so
    /// it went with Fashion-MNIST.
    func encode(_ x: Tensor<Float>) -> (mean: Tensor<Float>, logVariance: Tensor<Float>) {
      let features = gelu(encoder2(gelu(encoder1(x))))
      return (mean(features), clamp(logVariance(features), low: -20, high: 5))
    }

    /// Logits of the pixels.
    func decode(_ code: Tensor<Float>) -> Tensor<Float> { output(sigmoid(decoder2(sigmoid(decoder1(code))))) }
  }

  private static func images(_ g: GraphContext) -> Tensor<Float> {
    g.input("x", Float.self, ["N", 784], feed: FeedHint(column: "image", scale: 1.0 / 255))
  }

  /// A whole step. The code is drawn as mean + deviation * noise, so that the gradient flows into both.
  func training(rate: LearningRate) throws -> Graph {
    try Graph("latent.\(rawValue).train", mode: .training, symbols: ["N": 128]) { g in
      let (model, x) = (g.module(Layers()), Self.images(g))
      let (mean, logVariance) = model.encode(x)
      let isPlain = self == .plain
      let code = isPlain ? mean : mean + exp(logVariance * 0.5) * normal(like: mean)
      // The logarithm of the images' probability is a sum over the pixels.
      let reduction: LossReduction = self == .collapsing ? .mean : .sumPerSample
      let likelihood = binaryCrossEntropyWithLogits(model.decode(code), x, reduction: reduction)
      let divergence = gaussianKL(mean: mean, logVariance: logVariance, reduction: .sumPerSample)
      let loss = isPlain ? likelihood : likelihood + divergence
      g.minimize(loss, with: Adam(learningRate: rate))
      g.output("loss", loss)
    }
  }

  /// Images in; the means of their codes, and the mean divergence of the codes from N(0, I), out.
  func encoder() throws -> Graph {
    try Graph("latent.encoder", symbols: ["N": 128]) { g in
      let (mean, logVariance) = g.module(Layers()).encode(Self.images(g))
      g.output("code", mean)
      g.output("divergence", gaussianKL(mean: mean, logVariance: logVariance, reduction: .sumPerSample))
    }
  }

  /// Codes in, images out.
  func decoder() throws -> Graph {
    try Graph("latent.decoder", symbols: ["N": 128]) { g in
      g.output("image", sigmoid(g.module(Layers()).decode(g.input("code", Float.self, ["N", 2]))))
    }
  }

  /// The one recipe: batches of 128, learning rate 0.004 falling along a cosine. After each epoch the divergence of the variational
  /// model is taken on the test images.
  func trained(_ run: Run) throws -> Trained {
    let (data, batch, epochs) = (try run.data.train(), 128, epochs(run))
    let steps = epochs * ((data.count + batch - 1) / batch)
    let graph = try training(rate: .cosine(initial: run.learningRate(4e-3), steps: steps))
    return try run.fit(
      graph, on: data, epochs: epochs, batch: batch,
      evaluating: self == .plain ? nil : (encoder(), run.data.test()))
  }

  /// On all training images 15 epochs, in a quick run 4 on the first 10,000; a single one shows the collapse.
  private func epochs(_ run: Run) -> Int {
    switch self {
    case .vae, .plain: run.epochs(15, quick: 4)
    case .collapsing: 1
    }
  }

  /// Images of codes drawn from N(0, I), the same for each model: `f32[count,784]`.
  func prior(_ count: Int, _ store: ParameterStore, _ run: Run) throws -> HostTensor {
    let random = Philox(seed: run.seed).folded(3)
    let codes = try HostTensor((0..<2 * count).map { Float(random.normal($0)) }, [count, 2])
    return try Predictor(decoder(), store, options: run.session).predict(codes)
  }
}
