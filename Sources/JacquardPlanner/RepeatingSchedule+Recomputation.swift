import JacquardKernels

extension RepeatingSchedule {
  /// A change that computes buffers again, and what that costs.
  struct Recomputation {
    var change: ScheduleChange
    var nanoseconds: Int
  }

  /// Kernels that one change repeats at most.
  private static let longestChain = 64

  /// Buffers that are alive at a step which does not touch them, and of which a later step needs the value: largest first.
  func idleBuffers(at peak: Int, _ profile: Profile) -> [Int] {
    let touched = Set(steps[peak].reads + steps[peak].writes)
    let idle = bytes.indices.filter { buffer in
      bytes[buffer] > 0 && !isKept[buffer] && profile.first[buffer] >= 0 && profile.first[buffer] < peak
        && profile.last[buffer] > peak && !touched.contains(buffer)
    }
    return idle.sorted { (bytes[$1], $0) < (bytes[$0], $1) }
  }

  /// The schedule in which a buffer is given up before a step, and computed again just before it is read next.
  ///
  /// What its kernel reads and is not alive any more by then is computed again too, or kept if it has at most `keeping` times the
  /// buffer's size.
  /// - Returns: nil if it cannot be computed again.
  mutating func recomputing(_ root: Int, at peak: Int, keeping: Double, _ profile: Profile) -> Recomputation? {
    guard let use = steps.indices.first(where: { $0 > peak && steps[$0].reads.contains(root) }),
      let chain = chain(to: root, from: peak, until: use, keeping: keeping, profile)
    else { return nil }
    var result = self
    var renamed: [Int: Int] = [:]
    var copies: [Step] = []
    var cost = 0
    for (step, source) in chain.sources {
      let whole = sources[steps[step].source]
      let now = sources[source]
      // Sources of one kernel name the same buffers.
      let buffers = Dictionary(zip(whole.reads + whole.writes, steps[step].reads + steps[step].writes)) { a, _ in a }
      let reads = now.reads.map { buffers[$0] ?? $0 }
      let writes = now.writes.map { buffers[$0] ?? $0 }
      for buffer in writes { renamed[buffer] = result.addBuffer(like: buffer) }
      copies.append(
        Step(source: source, reads: reads.map { renamed[$0] ?? $0 }, writes: writes.map { renamed[$0] ?? $0 }))
      cost += now.nanoseconds
    }
    result.insert(copies, at: use, delaying: chain.delayed)
    let end = use + copies.count - chain.delayed.count
    for position in end..<result.steps.count {
      result.steps[position].reads = result.steps[position].reads.map { $0 == root ? renamed[root] ?? $0 : $0 }
    }
    cost -= result.removeUnread()
    return result.profile().map {
      Recomputation(change: ScheduleChange(schedule: result, profile: $0), nanoseconds: cost)
    }
  }

  /// Puts steps before the one at a position, and steps from before it behind them.
  private mutating func insert(_ copies: [Step], at position: Int, delaying delayed: [Int]) {
    let late = delayed.map { steps[$0] }
    let before = steps.indices.filter { $0 < position && !delayed.contains($0) }.map { steps[$0] }
    steps = before + copies + late + steps[position...]
  }

  /// Which steps to run again, each for some of its results, and which to delay because they would replace what is read then.
  private struct Chain {
    /// In order.
    var sources: [(step: Int, source: Int)]
    var delayed: [Int]
  }

  private mutating func chain(
    to root: Int, from peak: Int, until use: Int, keeping: Double, _ profile: Profile
  ) -> Chain? {
    let most = Int(keeping * Double(bytes[root]))
    var wanted: [Int: Set<Int>] = [profile.first[root]: [root]]
    var chain = Chain(sources: [], delayed: [])
    var inputs: Set<Int> = []
    // What a step reads comes from steps before it.
    for index in (0...profile.first[root]).reversed() {
      guard let results = wanted[index] else { continue }
      let step = steps[index]
      if !sources[step.source].isRepeatable || chain.sources.count == Self.longestChain { return nil }
      let positions = step.writes.indices.filter { results.contains(step.writes[$0]) }
      let source = self.source(step.source, keeping: positions)
      chain.sources.append((index, source))
      let whole = sources[step.source].reads
      for (name, buffer) in zip(whole, step.reads) where sources[source].reads.contains(name) {
        if let input = input(buffer) { inputs.insert(input) }
        let (first, last) = (profile.first[buffer], profile.last[buffer])
        if first < 0 || bytes[buffer] == 0 || last > peak || bytes[buffer] <= most { continue }
        if !sources[steps[first].source].isRepeatable { continue }
        wanted[first, default: []].insert(buffer)
      }
    }
    chain.sources.reverse()
    chain.delayed = steps.indices.filter {
      $0 < use && sources[steps[$0].source].replaced.contains(where: inputs.contains)
    }
    return chain
  }

  /// Leaves out what no step reads any more, but for checks that can fail, and gives the time that it took.
  private mutating func removeUnread() -> Int {
    var isRead = isKept
    var kept: [Step] = []
    var saved = 0
    for step in steps.reversed() {
      var step = step
      let source = sources[step.source]
      let used = step.writes.indices.filter { isRead[step.writes[$0]] }
      if source.isRepeatable && !source.canFail
        && (used.isEmpty || source.isDivisible && used.count < step.writes.count)
      {
        if used.isEmpty {
          saved += source.nanoseconds
          continue
        }
        let less = self.source(step.source, keeping: used)
        let buffers = Dictionary(zip(source.reads + source.writes, step.reads + step.writes)) { a, _ in a }
        step = Step(
          source: less, reads: sources[less].reads.map { buffers[$0] ?? $0 },
          writes: sources[less].writes.map { buffers[$0] ?? $0 })
        saved += source.nanoseconds - sources[less].nanoseconds
      }
      for buffer in step.reads { isRead[buffer] = true }
      kept.append(step)
    }
    steps = kept.reversed()
    return saved
  }
}
