import JacquardKernels

/// A changed schedule and what it keeps alive.
struct ScheduleChange {
  var schedule: RepeatingSchedule
  var profile: RepeatingSchedule.Profile
}

extension RepeatingSchedule {
  /// The order with one step moved. - Parameter target: its position afterwards.
  private func moving(_ step: Int, to target: Int) -> ScheduleChange? {
    if step == target { return nil }
    var result = self
    let moved = result.steps.remove(at: step)
    result.steps.insert(moved, at: target)
    return result.profile().map { ScheduleChange(schedule: result, profile: $0) }
  }

  /// Orders in which one step moves across a peak: later if its results are not needed before it is over, earlier if all that it reads
  /// is there.
  func moves(across peak: Int, _ profile: Profile) -> [ScheduleChange] {
    var firstUse = [Int](repeating: steps.count, count: bytes.count)
    for (position, step) in steps.enumerated().reversed() { for buffer in step.reads { firstUse[buffer] = position } }
    let later = (0...peak).compactMap { index -> ScheduleChange? in
      let use = steps[index].writes.map { firstUse[$0] }.min() ?? 0
      let target = use == steps.count ? steps.count - 1 : use - 1
      return use > peak ? moving(index, to: target) : nil
    }
    let earlier = ((peak + 1)..<max(peak + 1, steps.count)).flatMap { index -> [ScheduleChange] in
      let earliest = earliest(index, profile)
      if earliest > peak { return [] }
      return Set([earliest, peak, peak + 1]).filter { $0 >= earliest && $0 < index }.sorted().compactMap {
        moving(index, to: $0)
      }
    }
    return later + earlier
  }

  /// The first position where all that a step reads is there and nobody reads what it replaces.
  private func earliest(_ index: Int, _ profile: Profile) -> Int {
    let step = steps[index]
    var result = step.reads.reduce(0) { max($0, profile.first[$1] + 1) }
    let replaced = sources[step.source].replaced
    if replaced.isEmpty { return result }
    for position in (result..<max(result, index)).reversed() {
      let other = steps[position]
      if sources[other.source].canFail || other.reads.contains(where: { input($0).map(replaced.contains) ?? false }) {
        result = position + 1
        break
      }
    }
    return result
  }
}
