import JacquardCore
import JacquardIR

extension ModelZoo {
  /// The noise in a point, by default of the plane, at a step of diffusion: three layers, by default of 128 units.
  public struct DenoisingMLP: Module {
    private static let timeWidth = 32
    let input: Linear
    let hidden1: Linear
    let hidden2: Linear
    let output: Linear

    // MARK: Forward pass

    /// - Parameters:
    ///   - x: `[N,2]`. - step: 0 to 999, `[N]`.
    /// - Returns: The noise, `[N,2]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>, step: Tensor<Int32>) -> Tensor<S> {
      let features = concat(x, timeEmbedding(step, width: Self.timeWidth, as: S.self), axis: 1)
      return output(silu(hidden2(silu(hidden1(silu(input(features)))))))
    }

    private static func points(_ g: GraphContext) -> Tensor<Float> {
      g.input("x", Float.self, ["N", 2], sample: SampleHint(.normal), feed: FeedHint(column: "x"))
    }

    static let entries = [
      Entry(name: "ddpm_mlp") {
        try Graph("ddpm_mlp", symbols: ["N": 256]) { g in
          let step = NoiseSchedule().input(g)
          g.output("noise", g.module(DenoisingMLP())(points(g), step: step))
        }
      },
      Entry(name: "ddpm_mlp.train") {
        try Graph("ddpm_mlp.train", mode: .training, symbols: ["N": 256]) { g in
          let (noisy, noise, step) = NoiseSchedule().diffuse(points(g))
          let loss = mse(g.module(DenoisingMLP())(noisy, step: step), noise)
          g.minimize(loss, with: Adam(learningRate: 1e-3))
          g.output("loss", loss)
        }
      },
    ]
  }
}

extension ModelZoo.DenoisingMLP {
  /// - Parameters:
  ///   - size: coordinates of a point. - width: units of each layer.
  public init(size: Int = 2, width: Int = 128) {
    input = Linear(size + Self.timeWidth, width)
    hidden1 = Linear(width, width)
    hidden2 = Linear(width, width)
    output = Linear(width, size)
  }
}
