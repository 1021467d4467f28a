import JacquardCore
import JacquardKernels

/// Makes a schedule fit a smaller arena: by another order, and by giving up buffers that are alive while nothing touches them and
/// computing them again before they are needed.
///
/// Greedy, as in Chen et al., *Training Deep Nets with Sublinear Memory Cost* (2016), and XLA's `HloRematerialization`: where most is
/// alive, of all changes that lower what lies beyond the limit the one is made that lowers it most for its time; then it looks anew. A
/// buffer that was computed again may be given up again, so that chains of layers come down to about the square root of their length.
struct Rematerialisation {
  /// A program that keeps to the limit, or the smallest found.
  struct Result {
    var program: KernelProgram
    var memory: MemoryPlan
    var repeated: [MemoryReport.Repeat]
  }

  private var schedule: RepeatingSchedule
  private let external: Set<BufferID>
  private let options: MemoryOptions
  private let recomputes: Bool
  /// Steps of schedules that may still be looked at.
  private var budget = 60_000_000

  /// Places of the schedule that are looked at before it is taken to be as small as it can be.
  private static let mostPeaks = 12
  /// Buffers that are considered at one place.
  private static let mostBuffers = 48
  /// How often buffers are placed for less than the limit because they did not fit without gaps.
  private static let mostRounds = 8
  /// What is kept rather than computed again, by its size relative to the buffer given up.
  private static let keepings = [0, 0.25, 1]
  /// A kernel costs at least this, in nanoseconds, whatever it computes.
  private static let startCost = 500

  /// - Parameters:
  ///   - external: buffers outside the arena.
  ///   - recomputes: whether kernels may run more than once; else they are only moved.
  init(_ schedule: RepeatingSchedule, external: Set<BufferID>, _ options: MemoryOptions, recomputes: Bool) {
    (self.schedule, self.external, self.options, self.recomputes) = (schedule, external, options, recomputes)
  }

  /// The program within a limit in bytes, or the smallest found; nil if nothing can be changed.
  mutating func fitting(_ limit: Int) -> Result? {
    guard var profile = schedule.profile() else { return nil }
    var best: Result?
    var target = limit
    for _ in 0..<Rematerialisation.mostRounds {
      lower(&profile, to: target)
      let (program, repeated) = schedule.materialised()
      let memory = MemoryPlan(program, external: external, options)
      if best.map({ memory.arenaBytes < $0.memory.arenaBytes }) ?? true {
        best = Result(program: program, memory: memory, repeated: repeated)
      }
      if memory.arenaBytes <= limit || profile.peak > target || budget <= 0 { break }
      // Gaps between buffers: the next schedule has to have that much less alive.
      target -= max(64, min(memory.arenaBytes - limit, target / 16))
    }
    return best
  }

  private mutating func lower(_ profile: inout RepeatingSchedule.Profile, to target: Int) {
    while budget > 0 {
      let excess = profile.excess(over: target)
      if excess == 0 { return }
      guard let next = improvement(profile, target, excess) else { return }
      (schedule, profile) = (next.schedule, next.profile)
    }
  }

  /// Moves cost nothing, so they come first.
  private mutating func improvement(
    _ profile: RepeatingSchedule.Profile, _ target: Int, _ excess: Int
  ) -> ScheduleChange? {
    let peaks = Rematerialisation.peaks(profile, target)
    for peak in peaks { if let move = bestMove(peak, profile, target, excess) { return move } }
    if !recomputes { return nil }
    for peak in peaks { if let change = bestRecomputation(peak, profile, target, excess) { return change } }
    return nil
  }

  /// Steps at which more than the target is alive, most first, not all beside each other.
  private static func peaks(_ profile: RepeatingSchedule.Profile, _ target: Int) -> [Int] {
    let beyond = profile.live.indices.filter { profile.live[$0] > target }
    let distance = beyond.count / (2 * mostPeaks)
    var result: [Int] = []
    for step in beyond.sorted(by: { (profile.live[$1], $0) < (profile.live[$0], $1) })
    where result.count < mostPeaks && result.allSatisfy({ abs($0 - step) > distance }) {
      result.append(step)
    }
    return result
  }

  private mutating func bestMove(
    _ peak: Int, _ profile: RepeatingSchedule.Profile, _ target: Int, _ excess: Int
  ) -> ScheduleChange? {
    let moves = schedule.moves(across: peak, profile)
    budget -= schedule.steps.count * (1 + moves.count)
    var best: (change: ScheduleChange, excess: Int)?
    for move in moves {
      let left = move.profile.excess(over: target)
      if left < best?.excess ?? excess { best = (move, left) }
    }
    return best?.change
  }

  private mutating func bestRecomputation(
    _ peak: Int, _ profile: RepeatingSchedule.Profile, _ target: Int, _ excess: Int
  ) -> ScheduleChange? {
    var best: (change: ScheduleChange, worth: Double)?
    for buffer in schedule.idleBuffers(at: peak, profile).prefix(Rematerialisation.mostBuffers) {
      for keeping in Rematerialisation.keepings {
        budget -= schedule.steps.count
        guard let found = schedule.recomputing(buffer, at: peak, keeping: keeping, profile) else { continue }
        let gain = excess - found.change.profile.excess(over: target)
        let worth = Double(gain) / Double(max(0, found.nanoseconds) + Rematerialisation.startCost)
        if gain > 0 && worth > best?.worth ?? 0 { best = (found.change, worth) }
      }
    }
    return best?.change
  }
}
