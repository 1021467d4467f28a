import JacquardCore
import JacquardIR

extension ModelZoo {
  /// 784-256-64-2-64-256-784: ReLU in the hidden layers, latent and output linear; mean squared error over all elements.
  public struct Autoencoder: Module {
    let encoder1 = Linear(784, 256)
    let encoder2 = Linear(256, 64)
    let latent = Linear(64, 2)
    let decoder1 = Linear(2, 64)
    let decoder2 = Linear(64, 256)
    let output = Linear(256, 784)

    public init() {}

    /// - Parameter x: `[N,784]`.
    /// - Returns: The code `[N,2]`.
    public func encode<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> { latent(relu(encoder2(relu(encoder1(x))))) }

    /// - Parameter code: `[N,2]`.
    /// - Returns: The image `[N,784]`.
    public func decode<S: TensorFloat>(_ code: Tensor<S>) -> Tensor<S> {
      output(relu(decoder2(relu(decoder1(code)))))
    }

    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> { decode(encode(x)) }

    static let entries = [
      Entry(name: "autoencoder") { try forward() },
      Entry(name: "autoencoder.train") { try training() },
    ]

    static func forward() throws -> Graph {
      try Graph("autoencoder", symbols: ImageModel.batch) { g in
        let model = g.module(Autoencoder())
        let code = model.encode(ImageModel.images(g))
        g.output("code", code)
        g.output("reconstruction", model.decode(code))
      }
    }

    static func training() throws -> Graph {
      try Graph("autoencoder.train", mode: .training, symbols: ImageModel.batch) { g in
        let x = ImageModel.images(g)
        let loss = mse(g.module(Autoencoder())(x), x)
        g.minimize(loss, with: Adam(learningRate: 1e-3))
        g.output("loss", loss)
      }
    }
  }
}
