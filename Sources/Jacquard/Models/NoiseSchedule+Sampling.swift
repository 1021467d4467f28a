import JacquardCore
import JacquardIR

/// How a reverse walk of diffusion goes from noise to samples.
public struct ReverseWalk: Sendable, Hashable {
  /// Steps that the walk visits, descending.
  public let steps: [Int]
  /// 0: the same noise always gives the same sample (DDIM); 1: new noise at each step as in DDPM.
  public let eta: Double

  /// `count` steps, evenly spread from the last one down to 0.
  ///
  /// - Parameters:
  ///   - count: 1 ... steps of the schedule; what lies outside is the nearest of these.
  ///   - eta: 0 ... 1.
  public init(_ schedule: NoiseSchedule, count: Int, eta: Double) {
    let count = max(1, min(count, schedule.steps))
    let last = Double(schedule.steps - 1)
    steps = (0..<count).map { Int((last * (1 - Double($0) / Double(max(1, count - 1)))).rounded()) }
    self.eta = eta
  }

  /// Every step, with new noise at each (Ho, Jain, Abbeel; 2020).
  public static func ddpm(_ schedule: NoiseSchedule) -> ReverseWalk {
    ReverseWalk(schedule, count: schedule.steps, eta: 1)
  }

  /// `count` steps without new noise (Song, Meng, Ermon; 2021).
  public static func ddim(_ schedule: NoiseSchedule, count: Int) -> ReverseWalk {
    ReverseWalk(schedule, count: count, eta: 0)
  }
}

extension NoiseSchedule {
  /// Draws samples in one loop of the graph, a trip each step of the walk:
  /// x_s = sqrt(a_s) x_0 + sqrt(1 - a_s - v) e + sqrt(v) noise, where s is the step after t, e the noise that the model sees in x_t,
  /// x_0 = (x_t - sqrt(1 - a_t) e) / sqrt(a_t), and v = eta² (1 - a_s) / (1 - a_t) (1 - a_t / a_s).
  ///
  /// - Parameters:
  ///   - start: Normal noise, `[N, ...]`, all sizes numbers.
  ///   - limit: x_0 is cut to -limit ... limit (and e made to agree with it); nil for no limit.
  ///   - paths: Of how many of the first samples the way is kept.
  ///   - denoise: The noise in x at a step (`[N]`, all equal).
  /// - Returns: The samples, and x after each trip of the first ones: `[trips, paths, ...]`.
  public func sample<S: TensorFloat>(
    from start: Tensor<S>, along walk: ReverseWalk, limit: S? = nil, paths: Int = 1,
    denoise: (_ x: Tensor<S>, _ step: Tensor<Int32>) -> Tensor<S>
  ) -> (samples: Tensor<S>, paths: Tensor<S>) {
    let g = start.context
    let trips = walk.steps.count
    let table = g.constant(walk.steps.indices.flatMap { row(walk, $0).map { S($0) } }, [trips, 5])
    let steps = g.constant(walk.steps.map { Int32($0) })
    let trip = g.iota(Int32.self, [Dim(trips), 1])
    let (samples, way) = scan(start, over: concat(g.keys(Dim(trips)), trip, axis: 1)) { x, row in
      let place = row.sliced(2..<3)
      let factors = table.gathered(place, axis: 0)
      func factor(_ index: Int) -> Tensor<S> { factors.sliced(index..<index + 1, axis: 1).reshaped([]) }
      let step = steps.gathered(place, axis: 0).broadcast(to: [x.dim(0)])
      var noise = denoise(x, step)
      var clean = (x - noise * factor(1)) / factor(0)
      if let limit {
        clean = clamp(clean, low: -limit, high: limit)
        noise = (x - clean * factor(0)) / factor(1)
      }
      let fresh = g.normal(S.self, x.shape, key: row.sliced(0..<2))
      let next = clean * factor(2) + noise * factor(3) + fresh * factor(4)
      return (next, next.sliced(0..<paths))
    }
    return (samples, way)
  }

  /// sqrt(a_t), sqrt(1 - a_t), sqrt(a_s), sqrt(1 - a_s - v), sqrt(v).
  private func row(_ walk: ReverseWalk, _ index: Int) -> [Double] {
    let here = signal[walk.steps[index]]
    let next = index + 1 < walk.steps.count ? signal[walk.steps[index + 1]] : 1
    let variance = walk.eta * walk.eta * (1 - next) / (1 - here) * (1 - here / next)
    return [here, 1 - here, next, max(0, 1 - next - variance), variance].map { $0.squareRoot() }
  }
}
