import JacquardCore
import JacquardIR

extension ModelZoo {
  /// 784-256-64-2-64-256-784 by default: ReLU in the hidden layers, latent and output linear; mean squared error over all elements.
  public struct Autoencoder: Module {
    let encoder1: Linear
    let encoder2: Linear
    let latent: Linear
    let decoder1: Linear
    let decoder2: Linear
    let output: Linear

    // MARK: Forward pass

    /// - Parameter x: `[N,784]`.
    /// - Returns: The code `[N,2]`.
    public func encode<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> { latent(relu(encoder2(relu(encoder1(x))))) }

    /// - Parameter code: `[N,2]`.
    /// - Returns: The image `[N,784]`.
    public func decode<S: TensorFloat>(_ code: Tensor<S>) -> Tensor<S> {
      output(relu(decoder2(relu(decoder1(code)))))
    }

    /// - Parameter x: `[N,784]`.
    /// - Returns: what the code of x is decoded to, of the same shape.
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

extension ModelZoo.Autoencoder {
  /// - Parameters:
  ///   - pixels: of an image.
  ///   - large: units of the outer hidden layers. - small: of the inner ones.
  ///   - code: numbers of the code.
  public init(pixels: Int = 784, large: Int = 256, small: Int = 64, code: Int = 2) {
    encoder1 = Linear(pixels, large)
    encoder2 = Linear(large, small)
    latent = Linear(small, code)
    decoder1 = Linear(code, small)
    decoder2 = Linear(small, large)
    output = Linear(large, pixels)
  }
}
