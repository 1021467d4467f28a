import JacquardCore
import JacquardIR

extension ModelZoo {
  /// A variational autoencoder, 784-400-(20,20)-400-784 (Kingma, Welling; 2014).
  public struct VAE: Module {
    let encoder = Linear(784, 400)
    let mean = Linear(400, 20)
    let logVariance = Linear(400, 20)
    let decoder = Linear(20, 400)
    let output = Linear(400, 784)

    public init() {}

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
