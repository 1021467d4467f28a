import ArgumentParser
import JacquardCore
import JacquardFiles
import JacquardPlanner
import JacquardRuntime

/// `jacquard profile`
struct ProfileCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Shows where the time of a step goes, kernel by kernel, and what the machine allows.",
    discussion: "On synthetic data, from fresh parameters, as bench. docs/profiling.md explains the columns.")

  @Argument(help: "A graph or a compiled plan.")
  var graph: String

  @OptionGroup var bind: BindOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var executor: ExecutorOptions
  @OptionGroup var memory: MemoryLimitOptions
  @OptionGroup var tune: TuneOptions

  @Option(help: ArgumentHelp("Steps to measure; by default those of about a second, at most 200.", valueName: "k"))
  var steps: Int?

  @Flag(help: "Print the figures as JSON (docs/profiling.md).")
  var json = false

  func validate() throws { try requirePositive(steps, "--steps") }

  func run(_ console: Console) throws {
    let subject = try Benchmark.Subject(graph, bindings: try bind.sizes())
    console.noteUnoptimisedRuntime()
    try naming(graph) {
      let benchmark = Benchmark(
        subject, executor: try executor.compiling(for: "profile"), threads: executor.threads, seed: seed.seed,
        options: memory.applied(), tuner: try tune.tuner(executor, console))
      let result = try benchmark.measure(steps: steps, records: true) { executor.report($0, console) }
      guard let profile = result.profile else { throw Diagnostic("nothing was recorded", kind: .internalError) }
      let limits = try result.measuredLimits()
      if json { return console.print(result.json(profile, limits).text()) }
      let step = "step \(NumberText.fixed(result.median, 4)) ms, the median of \(result.times.count)"
      console.print("\(result.graph): \(result.executorText), \(step)")
      console.print("limits: \(limits.text), measured")
      if profile.recording.lost > 0 { console.note(profile.recording.lostText) }
      console.print("\n" + profile.text(limits: limits))
    }
  }
}

extension ExecutorOptions {
  /// What runs from the first step on. - Throws: `Diagnostic` if it has no kernels to look at.
  func compiling(for purpose: String) throws -> ExecutorKind {
    if executor == .reference {
      throw Diagnostic("\(purpose) is not for executor reference, which has no kernels", kind: .unsupported)
    }
    return executor == .auto ? .native : executor
  }
}

extension BenchmarkResult {
  /// The machine's limits with the threads that ran, over as many bytes as a step touches. - Throws: `Diagnostic` if memory is short.
  func measuredLimits() throws -> MachineLimits {
    let program = plan?.program
    let inputs = (plan?.inputs ?? []).reduce(0) { $0 + (program?[$1.buffer].byteCount ?? 0) }
    return try MachineLimits.measured(
      threads: profile?.recording.threads ?? threads, bytes: inputs + (plan?.arenaBytes ?? 0))
  }

  /// The form that docs/profiling.md describes.
  fileprivate func json(_ profile: StepProfile, _ limits: MachineLimits) -> JSONValue {
    let head: [(String, JSONValue)] = [
      ("format", "jacquard.profile"), ("version", 1), ("graph", JSONValue(graph)), ("executor", JSONValue(executor)),
      ("threads", JSONValue(profile.recording.threads)), ("steps", JSONValue(times.count)),
      ("median_ms", Statistics.json(median)), ("total_ns", JSONValue(profile.total)),
      ("waiting_share", Statistics.json(profile.waitingShare)),
    ]
    return JSONValue(fields: head + [("limits", limits.json), ("profile", profile.json(limits: limits))])
  }
}

extension MachineLimits {
  var json: JSONValue {
    ["gflops": Statistics.json(gigaflops), "gb_per_s": Statistics.json(gigabytes)]
  }

  var text: String { "\(NumberText.fixed(gigaflops, 1)) GFLOP/s, \(NumberText.fixed(gigabytes, 1)) GB/s" }
}

extension StepRecording {
  var lostText: String { "\(lost) events of nested programs had no place and are left out" }
}
