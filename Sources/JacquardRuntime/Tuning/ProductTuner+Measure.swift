import Foundation
import JacquardCore
import JacquardKernels
import JacquardPlanner

/// How long a step takes.
struct Stopwatch: Sendable {
  /// Seconds of one step of a runner.
  var seconds: @Sendable (PlanRunner) throws -> Double = { runner in
    let start = monotonicSeconds()
    var steps = 0
    var elapsed = 0.0
    repeat {
      try runner.run()
      steps += 1
      elapsed = monotonicSeconds() - start
    } while elapsed < Stopwatch.shortest
    return elapsed / Double(steps)
  }

  /// Seconds below which a sample says more of the clock and of waking threads than of the step.
  private static let shortest = 0.000_5

  /// The median seconds of each runner's steps, which take turns, so that what else the machine does meets all of them.
  func medians(_ runners: [PlanRunner], rounds: Int) throws -> [Double] {
    var samples = [[Double]](repeating: [], count: runners.count)
    for _ in 0..<rounds {
      for (index, runner) in runners.enumerated() { samples[index].append(try seconds(runner)) }
    }
    return samples.map { $0.sorted()[rounds / 2] }
  }
}

extension ProductTuner {
  /// Times what the first tiles take beyond which others are not looked at again.
  private static let hopeless = 1.25
  /// Of the first tiles' time what others may take at most.
  private static let worthIt = 0.97
  private static let rounds = 5
  private static let finalRounds = 11

  /// The tiles by which a product is made in the least time; the first ones unless others are faster by more than noise.
  func fastest(_ product: TunedProduct, threads: Int) throws -> Tiling {
    let operands = try MeasuredOperands(product.form)
    let runners = try product.candidates.map { try operands.runner($0, threads: threads) }
    // The first steps also fill caches.
    let first = try stopwatch.medians(runners, rounds: 1)
    let left = runners.indices.filter { $0 == 0 || first[$0] < first[0] * Self.hopeless }
    let times = try stopwatch.medians(left.map { runners[$0] }, rounds: Self.rounds)
    let best = times.indices.min { times[$0] < times[$1] } ?? 0
    if best == 0 || times[best] >= times[0] * Self.worthIt { return product.candidates[0] }
    // Of several, one is the fastest by chance: it must be so again.
    let last = try stopwatch.medians([runners[0], runners[left[best]]], rounds: Self.finalRounds)
    return product.candidates[last[1] < last[0] * Self.worthIt ? left[best] : 0]
  }
}

/// Memory that all ways to make a product share.
private struct MeasuredOperands {
  let form: Contraction
  let inputs: [(name: String, storage: TensorStorage)]

  init(_ form: Contraction) throws {
    self.form = form
    inputs = try Plan(product: form).inputs.map { input in
      let storage = try TensorStorage(zeros: input.type)
      // Pages never written to would all be one page in memory. These bytes are numbers that are far from subnormal in every type.
      memset(storage.bytes, 0x3F, storage.byteCount)
      return (input.name, storage)
    }
  }

  func runner(_ tiling: Tiling, threads: Int) throws -> PlanRunner {
    var product = form
    product.tiling = tiling
    let runner = try PlanRunner(plan: Plan(product: product), threads: threads)
    for (name, storage) in inputs { try runner.bind(name, storage) }
    return runner
  }
}
