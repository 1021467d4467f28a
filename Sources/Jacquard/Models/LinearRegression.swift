import JacquardCore
import JacquardIR

extension ModelZoo {
  /// y = x · weight + bias, with the mean squared error.
  public struct LinearRegression: Module {
    let linear: Linear

    /// - Parameter features: The last size of what comes in.
    public init(features: Int = 8) { linear = Linear(features, 1) }

    /// - Parameter x: `[N,features]`.
    /// - Returns: `[N,1]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> { linear(x) }

    static let entries = [
      Entry(name: "linear_regression") { try forward() },
      Entry(name: "linear_regression.train") { try training() },
    ]

    private static func input(_ g: GraphContext) -> Tensor<Float> {
      g.input("x", Float.self, ["N", 8], sample: SampleHint(.normal), feed: FeedHint(column: "x"))
    }

    static func forward() throws -> Graph {
      try Graph("linear_regression", symbols: ["N": 128]) { g in
        g.output("prediction", g.module(LinearRegression())(input(g)))
      }
    }

    static func training() throws -> Graph {
      try Graph("linear_regression.train", mode: .training, symbols: ["N": 128]) { g in
        let x = input(g)
        let y = g.input("y", Float.self, ["N", 1], sample: SampleHint(.normal), feed: FeedHint(column: "y"))
        let loss = mse(g.module(LinearRegression())(x), y)
        g.minimize(loss, with: Adam(learningRate: 1e-3))
        g.output("loss", loss)
      }
    }
  }
}
