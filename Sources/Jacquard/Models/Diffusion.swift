import Foundation
import JacquardCore
import JacquardIR

/// The forward process of denoising diffusion (Ho, Jain, Abbeel; 2020): x_t = sqrt(a_t) x + sqrt(1 - a_t) noise, where a_t is the
/// product of 1 - beta up to step t, and beta grows linearly from 1e-4 to 0.02.
public struct NoiseSchedule: Sendable {
  /// How many steps turn an image into noise.
  public let steps: Int
  /// a_t for t = 0 ..< steps.
  public let signal: [Double]

  /// The default is that of the paper.
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
    let (kept, mixed) = shares(like: x, step)
    return (x * kept + noise * mixed, noise, step)
  }

  /// The velocity of an example on its way: sqrt(a_t) noise - sqrt(1 - a_t) x. A model that says it errs by as much at every step,
  /// while of the noise in an example that is nearly all noise little can be learned (Salimans, Ho; 2022).
  ///
  /// - Parameters:
  ///   - x: `[N, ...]`. - noise: As x. - step: `[N]`.
  public func velocity<S: TensorFloat>(_ x: Tensor<S>, _ noise: Tensor<S>, step: Tensor<Int32>) -> Tensor<S> {
    let (kept, mixed) = shares(like: x, step)
    return noise * kept - x * mixed
  }

  /// The noise in a mixed example whose velocity is known: sqrt(a_t) velocity + sqrt(1 - a_t) noisy.
  ///
  /// - Parameters:
  ///   - velocity: `[N, ...]`. - noisy: As velocity. - step: `[N]`.
  public func noise<S: TensorFloat>(
    from velocity: Tensor<S>, in noisy: Tensor<S>, step: Tensor<Int32>
  ) -> Tensor<S> {
    let (kept, mixed) = shares(like: noisy, step)
    return velocity * kept + noisy * mixed
  }

  /// sqrt(a_t) and sqrt(1 - a_t) for each example, `[N, 1, ...]`.
  private func shares<S: TensorFloat>(like x: Tensor<S>, _ step: Tensor<Int32>) -> (kept: Tensor<S>, mixed: Tensor<S>) {
    let column = Shape([x.dim(0)] + [Dim](repeating: 1, count: (x.type?.shape.rank ?? 1) - 1))
    func row(_ share: (Double) -> Double) -> Tensor<S> {
      x.context.constant(signal.map { S(share($0).squareRoot()) }).gathered(step, axis: 0).reshaped(column)
    }
    return (row { $0 }, row { 1 - $0 })
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
