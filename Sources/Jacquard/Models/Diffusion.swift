import Foundation
import JacquardCore
import JacquardIR

/// The forward process of denoising diffusion (Ho, Jain, Abbeel; 2020): x_t = sqrt(a_t) x + sqrt(1 - a_t) noise, where a_t is the
/// product of 1 - beta up to step t, and beta grows linearly from 1e-4 to 0.02.
public struct NoiseSchedule: Sendable {
  public let steps: Int
  /// a_t for t = 0 ..< steps.
  public let signal: [Double]

  public init(steps: Int = 1000) {
    self.steps = steps
    var product = 1.0
    signal = (0..<steps).map { t in
      product *= 1 - NoiseSchedule.beta(t, of: steps)
      return product
    }
  }

  /// The variance of the noise that step t adds.
  ///
  /// - Parameter t: 0 ..< steps.
  public func beta(_ t: Int) -> Double { NoiseSchedule.beta(t, of: steps) }

  private static func beta(_ t: Int, of steps: Int) -> Double {
    1e-4 + (0.02 - 1e-4) / Double(max(steps - 1, 1)) * Double(t)
  }

  /// The input `t`: a step for each example, `[N]`.
  func input(_ g: GraphContext) -> Tensor<Int32> {
    let sample = SampleHint(.integers, low: 0, high: Double(steps))
    return g.input("t", Int32.self, ["N"], sample: sample, feed: FeedHint(column: "t"))
  }

  /// Draws a step for each example and mixes the example with noise.
  ///
  /// - Parameter x: `[N, ...]`.
  /// - Returns: The mixed examples, the noise (both as x), and the steps, `[N]`.
  public func diffuse<S: TensorFloat>(_ x: Tensor<S>) -> (noisy: Tensor<S>, noise: Tensor<S>, step: Tensor<Int32>) {
    let g = x.context
    let noise = normal(like: x)
    let draw: Tensor<S> = g.uniform(S.self, [x.dim(0)])
    let step = floor(draw * S(steps)).cast(to: Int32.self)
    let kept = g.constant(signal.map { S($0.squareRoot()) }).gathered(step, axis: 0)
    let mixed = g.constant(signal.map { S((1 - $0).squareRoot()) }).gathered(step, axis: 0)
    let column = Shape([x.dim(0)] + [Dim](repeating: 1, count: (x.type?.shape.rank ?? 1) - 1))
    return (x * kept.reshaped(column) + noise * mixed.reshaped(column), noise, step)
  }
}

/// sin(t f), then cos(t f), with frequencies f that fall from 1 to 1/10000 (Vaswani et al.; 2017).
///
/// - Parameters:
///   - step: `[N]`. - width: even.
/// - Returns: `[N, width]`.
func timeEmbedding<S: TensorFloat>(_ step: Tensor<Int32>, width: Int, as type: S.Type) -> Tensor<S> {
  let half = width / 2
  let frequencies = (0..<half).map { S(Foundation.exp(-Foundation.log(10_000.0) * Double($0) / Double(half))) }
  let angle = step.cast(to: S.self).reshaped([-1, 1]) * step.context.constant(frequencies)
  return concat(sin(angle), cos(angle), axis: 1)
}
