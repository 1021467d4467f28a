import ArgumentParser
import JacquardCore
import JacquardFiles
import JacquardPlanner
import JacquardRuntime

/// `jacquard bench`
struct BenchCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures steps on synthetic data, from fresh parameters.")

  @Argument(help: "A graph or a compiled plan.")
  var graph: String

  @OptionGroup var bind: BindOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var executor: ExecutorOptions
  @OptionGroup var memory: MemoryLimitOptions
  @OptionGroup var tune: TuneOptions

  @Option(
    help: ArgumentHelp("Steps to measure; by default those of about a second (of a turn of --ablate).", valueName: "k"))
  var steps: Int?

  @Flag(help: "Print the figures as JSON (docs/inspect.md).")
  var json = false

  @Flag(help: "Also show each kernel's time by thread (not executor reference).")
  var profile = false

  @Option(
    help: ArgumentHelp(
      "Also record what each thread does in some further steps, for Perfetto (docs/profiling.md).", valueName: "file"))
  var trace: String?

  @Option(help: ArgumentHelp("Leave parts of the compiler out (docs/ablation.md).", valueName: "part,part"))
  var without: NameList?

  @Flag(help: "Leave out each part of the compiler in turn, beside the whole compiler.")
  var ablate = false

  func validate() throws {
    try requirePositive(steps, "--steps")
    if ablate && (profile || trace != nil || without != nil || memory.memoryLimit != nil || tune.autotune) {
      throw ValidationError("--ablate goes with none of --without, --profile, --trace, --memory-limit and --autotune")
    }
  }

  /// What `auto` ends with, from the first step on.
  private var kind: ExecutorKind { executor.executor == .auto ? .native : executor.executor }

  func run(_ console: Console) throws {
    let leftOut = try LeftOut(without?.names ?? [])
    let subject = try Benchmark.Subject(graph, bindings: try bind.sizes())
    if without != nil && !(subject.isGraph && kind != .reference) {
      throw Diagnostic(
        "--without wants a graph, and an executor that compiles it", kind: .unsupported, place: graph)
    }
    if trace != nil {
      _ = try executor.compiling(for: "--trace")
      try OutputFile.check(trace)
    }
    console.noteUnoptimisedRuntime()
    try naming(graph) {
      if ablate { return try ablation(subject, console) }
      let benchmark = Benchmark(
        subject, executor: leftOut.executor(kind), threads: executor.threads, seed: seed.seed,
        options: memory.applied(to: leftOut.options), tuner: try tune.tuner(executor, console))
      var result = try benchmark.measure(steps: steps, records: profile || trace != nil) {
        executor.report($0, console)
      }
      result.without = without?.names ?? []
      if let trace { try write(result, to: trace, console) }
      if !profile { result.profile = nil }
      console.print(json ? result.json.text() : result.text)
    }
  }

  private func write(_ result: BenchmarkResult, to path: String, _ console: Console) throws {
    guard let profile = result.profile else { throw Diagnostic("nothing was recorded", kind: .internalError) }
    if profile.recording.lost > 0 { console.note(profile.recording.lostText) }
    let limits = try result.measuredLimits()
    let trace = ChromeTrace(
      graph: result.graph, executor: result.executor, recording: profile.recording, programs: result.programs,
      further: [("limits", limits.json), ("profile", profile.json(limits: limits))])
    try trace.write(to: path)
  }

  private func ablation(_ subject: Benchmark.Subject, _ console: Console) throws {
    let rows = try Ablation(subject, executor: kind, threads: executor.threads, seed: seed.seed, steps: steps).rows()
    if !json { return console.print(Ablation.Row.text(rows)) }
    let fields = [("graph", JSONValue(graph)), ("rows", JSONValue(rows.map(\.json)))]
    console.print(JSONValue(fields: fields).text())
  }
}
