import JacquardCore
import JacquardFiles
import JacquardKernels
import JacquardPlanner
import JacquardRuntime

/// Where the time of a step goes: each kernel's, by thread, the median over some steps. Times are nanoseconds.
struct StepProfile {
  /// What one thread did at one kernel.
  struct Share {
    /// From its start to its end, waiting within it included.
    var time: Int
    /// At the barrier before it, and within it.
    var waiting: Int
    /// Of that, within it.
    var waitingWithin: Int
    var tiles: Int
  }

  struct Kernel {
    let name: String
    /// What it computes, in short.
    let nodes: String
    /// What the cost model expects on one thread.
    let expected: Int
    let threads: [Share]
    /// From the first thread's start to the last one's end; waiting at the barrier before it is not part.
    let time: Int
    let work: KernelWork

    /// Of all threads together, without waiting.
    var busy: Int { threads.reduce(0) { $0 + $1.time - $1.waitingWithin } }
    /// Of all threads together.
    var waiting: Int { threads.reduce(0) { $0 + $1.waiting } }
  }

  let recording: StepRecording
  let kernels: [Kernel]
  /// From the call of a step to the end of its last thread.
  let total: Int
  /// Of all threads together: before their first kernel, and after their last one.
  private let ends: Int

  /// - Throws: what a step throws.
  init(_ runner: PlanRunner, steps: Int) throws {
    recording = try StepRecording(runner, steps: steps)
    let plan = runner.plan
    let table = recording.steps.map { StepTable($0, kernels: plan.program.kernels.count, threads: runner.threadsUsed) }
    total = StepProfile.median(recording.steps.map(\.time))
    ends = (0..<runner.threadsUsed).reduce(0) { sum, thread in sum + StepProfile.median(table.map { $0.ends[thread] }) }
    kernels = plan.program.kernels.enumerated().map { index, kernel in
      let shares = (0..<runner.threadsUsed).map { thread in StepProfile.median(table.map { $0[index, thread] }) }
      return Kernel(
        name: kernel.name, nodes: StepProfile.names(kernel, plan), expected: plan.costs[index], threads: shares,
        time: StepProfile.median(table.map { $0.extents[index].end - $0.extents[index].start }),
        work: plan.work(of: kernel))
    }
  }

  /// Of the threads' time the part that a kernel takes; all parts, and waiting, make 1.
  func share(_ kernel: Kernel) -> Double { part(kernel.busy) }
  /// The part that threads wait before a kernel and within it.
  func waitingShare(_ kernel: Kernel) -> Double { part(kernel.waiting) }
  /// The part in which no kernel runs: waiting for each other, beginning and ending.
  var waitingShare: Double { part(waiting) }

  private var waiting: Int { kernels.reduce(ends) { $0 + $1.waiting } }
  /// The sum of medians, which a step that was disturbed does not enter.
  private func part(_ time: Int) -> Double {
    Double(time) / Double(max(kernels.reduce(waiting) { $0 + $1.busy }, 1))
  }

  private static func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }

  private static func median(_ shares: [Share]) -> Share {
    Share(
      time: median(shares.map(\.time)), waiting: median(shares.map(\.waiting)),
      waitingWithin: median(shares.map(\.waitingWithin)), tiles: median(shares.map(\.tiles)))
  }

  /// The first nodes by the names that the program gave them, else by their operations.
  private static func names(_ kernel: JacquardKernels.Kernel, _ plan: Plan) -> String {
    let nodes = kernel.nodes.compactMap { plan.node($0) }
    // What the program named says more than `add %17`, and constants say least.
    let named = nodes.filter { !$0.label.contains(" %") }
    let working = nodes.filter { $0.operation != "constant" }
    let telling = [named, working, nodes].first { !$0.isEmpty } ?? []
    let shown = telling.prefix(2).map(\.label).joined(separator: ", ")
    let short = shown.count > 40 ? shown.prefix(39) + "…" : shown
    let others = nodes.count - min(2, telling.count)
    return others > 0 ? "\(short) + \(others)" : short
  }
}

/// The events of one step by kernel and thread.
private struct StepTable {
  private var shares: [StepProfile.Share]
  private let threads: Int
  /// Of each kernel the first start and the last end.
  private(set) var extents: [(start: Int, end: Int)]
  /// Of each thread the time before its first kernel and after its last one.
  private(set) var ends: [Int]

  init(_ step: StepRecording.Step, kernels: Int, threads: Int) {
    self.threads = threads
    shares = Array(
      repeating: StepProfile.Share(time: 0, waiting: 0, waitingWithin: 0, tiles: 0), count: kernels * threads)
    extents = Array(repeating: (Int.max, 0), count: kernels)
    ends = Array(repeating: 0, count: threads)
    for event in step.events { add(event) }
    for index in extents.indices where extents[index].start > extents[index].end { extents[index] = (0, 0) }
  }

  subscript(kernel: Int, thread: Int) -> StepProfile.Share { shares[kernel * threads + thread] }

  private mutating func add(_ event: StepEvents.Event) {
    if event.kind == .begin || event.kind == .end {
      ends[event.thread] += event.time
      return
    }
    let index = event.outermost * threads + event.thread
    switch event.kind {
    case .kernel where event.program == 0:
      shares[index].time += event.time
      shares[index].tiles += event.tiles
      let extent = extents[event.outermost]
      extents[event.outermost] = (min(extent.start, event.start), max(extent.end, event.end))
    case .barrier:
      shares[index].waiting += event.time
      if event.program > 0 || event.kernel == nil { shares[index].waitingWithin += event.time }
    case .kernel, .begin, .end: break
    }
  }
}
