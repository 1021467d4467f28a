import Foundation
import Jacquard

/// The evidence lower bound where everything is known: z from N(0, 1), x from N(w z, s^2 I) in three dimensions.
struct EvidenceBound {
  private let w = [0.8, -0.5, 1.2]
  private let variance = 0.3

  private var power: Double { w.reduce(0) { $0 + $1 * $1 } }

  private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  /// x is N(0, w w' + s^2 I), whose determinant and inverse are known (Sherman, Morrison).
  func logEvidence(_ x: [Double]) -> Double {
    let determinant = 2 * log(variance) + log(variance + power)
    let square = (dot(x, x) - dot(w, x) * dot(w, x) / (variance + power)) / variance
    return -(3 * log(2 * .pi) + determinant + square) / 2
  }

  /// The distribution of z for a known x.
  func posterior(_ x: [Double]) -> Gaussian {
    let narrowed = 1 / (1 + power / variance)
    return Gaussian(mean: narrowed * dot(w, x) / variance, deviation: narrowed.squareRoot())
  }

  /// The mean of log p(x | z) over z from q, less KL(q || N(0, 1)).
  func bound(_ x: [Double], _ q: Gaussian) -> Double {
    let rest = zip(x, w).map { $0 - $1 * q.mean }
    let square = dot(rest, rest) + power * q.deviation * q.deviation
    let likelihood = -(3 * log(2 * .pi * variance) + square / variance) / 2
    return likelihood - q.divergence(from: Gaussian(mean: 0, deviation: 1))
  }

  func claim(_ run: Run) {
    let random = Philox(seed: run.seed)
    var (highest, gap) = (-Double.infinity, 0.0)
    for index in 0..<200 {
      let x = (0..<3).map { random.normal(8 * index + $0) * 1.5 }
      let best = posterior(x)
      let other = Gaussian(
        mean: best.mean + random.normal(8 * index + 3), deviation: best.deviation * exp(random.normal(8 * index + 4)))
      highest = max(highest, bound(x, other) - logEvidence(x))
      gap = max(gap, abs(bound(x, best) - logEvidence(x)))
    }
    let x = [1.0, 0.2, 0.5]
    let best = posterior(x)
    let means = (-40...40).map { best.mean + Double($0) / 20 }
    run.heading("evidence")
    run.say("known")
    run.plot(
      "bounds", x: "axis.mean", y: "axis.nats",
      [
        .line(run.text("elbo"), means, means.map { bound(x, Gaussian(mean: $0, deviation: best.deviation)) }),
        .line(run.text("broad"), means, means.map { bound(x, Gaussian(mean: $0, deviation: 2 * best.deviation)) }),
        .dashes(run.text("evidence.log"), means, means.map { _ in logEvidence(x) }),
      ])
    run.claim("below", highest, .atMost(0))
    run.claim("tight", gap, .atMost(1e-12))
  }
}
