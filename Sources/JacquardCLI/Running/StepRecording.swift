import JacquardRuntime

/// Some steps of a plan, with what each thread did in them.
struct StepRecording {
  struct Step {
    /// Nanoseconds from the first step's start to this one's.
    let start: Int
    let events: [StepEvents.Event]

    /// Nanoseconds until all threads were done.
    var time: Int { events.reduce(0) { max($0, $1.end) } }
  }

  let steps: [Step]
  /// Threads that ran.
  let threads: Int
  /// Events of nested programs for which there was no place.
  let lost: Int

  /// Events that are kept: of loops with many trips fewer steps are recorded.
  private static let mostEvents = 200_000

  /// Runs up to so many steps. - Throws: what a step throws.
  init(_ runner: PlanRunner, steps count: Int) throws {
    runner.isProfiling = true
    defer { runner.isProfiling = false }
    let clock = ContinuousClock()
    var (steps, kept, lost) = ([Step](), 0, 0)
    // What is recorded first touches memory that later steps find.
    try runner.run()
    let start = clock.now
    while steps.count < max(count, 1) && kept < StepRecording.mostEvents {
      let offset = Int(start.duration(to: clock.now) / .nanoseconds(1))
      try runner.run()
      let recorded = runner.profile
      steps.append(Step(start: offset, events: recorded.events))
      (kept, lost) = (kept + recorded.events.count, lost + recorded.lost)
    }
    (self.steps, self.lost, threads) = (steps, lost, runner.threadsUsed)
  }
}
