import JacquardCore
import JacquardIR

extension ModelZoo {
  /// A variational autoencoder, by default 784-400-(20,20)-400-784 (Kingma, Welling; 2014).
  public struct VAE: Module {
    let encoder: Linear
    let mean: Linear
    let logVariance: Linear
    let decoder: Linear
    let output: Linear

    // MARK: Forward pass

    /// - Parameter x: `[N,784]`.
    /// - Returns: Mean and logarithm of the variance of the code, `[N,20]` each.
    public func encode<S: TensorFloat>(_ x: Tensor<S>) -> (mean: Tensor<S>, logVariance: Tensor<S>) {
      let features = relu(encoder(x))
      return (mean(features), logVariance(features))
    }

    /// - Parameter code: `[N,20]`.
    /// - Returns: Logits of the pixels, `[N,784]`.
    public func decode<S: TensorFloat>(_ code: Tensor<S>) -> Tensor<S> { output(relu(decoder(code))) }

    /// Binary cross-entropy plus divergence, summed per sample, mean over the batch.
    ///
    /// - Parameter noise: Normal, `[N,20]`; drawn in the graph where nil.
    public func loss<S: TensorFloat>(_ x: Tensor<S>, noise: Tensor<S>? = nil) -> Tensor<S> {
      let (mean, logVariance) = encode(x)
      let code = mean + exp(logVariance * 0.5) * (noise ?? normal(like: mean))
      let likelihood = binaryCrossEntropyWithLogits(decode(code), x, reduction: .sumPerSample)
      return likelihood + gaussianKL(mean: mean, logVariance: logVariance, reduction: .sumPerSample)
    }

    static let entries = [
      Entry(name: "vae") { try forward() },
      Entry(name: "vae.train") { try training() },
    ]

    static func forward() throws -> Graph {
      try Graph("vae", symbols: ImageModel.batch) { g in
        let model = g.module(VAE())
        let (mean, logVariance) = model.encode(ImageModel.images(g))
        let code = mean + exp(logVariance * 0.5) * normal(like: mean)
        g.output("mean", mean)
        g.output("logVariance", logVariance)
        g.output("reconstruction", sigmoid(model.decode(code)))
      }
    }

    static func training() throws -> Graph {
      try Graph("vae.train", mode: .training, symbols: ImageModel.batch) { g in
        let x = ImageModel.images(g)
        let loss = g.module(VAE()).loss(x)
        g.minimize(loss, with: Adam(learningRate: 1e-3))
        g.output("loss", loss)
      }
    }
  }
}

extension ModelZoo.VAE {
  /// - Parameters:
  ///   - pixels: of an image. - hidden: units of both hidden layers. - code: numbers of the code.
  public init(pixels: Int = 784, hidden: Int = 400, code: Int = 20) {
    encoder = Linear(pixels, hidden)
    mean = Linear(hidden, code)
    logVariance = Linear(hidden, code)
    decoder = Linear(code, hidden)
    output = Linear(hidden, pixels)
  }
}
