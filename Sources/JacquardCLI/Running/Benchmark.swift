import Jacquard
import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardKernels
import JacquardPlanner
import JacquardRuntime

/// Times steps of a graph or plan.
struct Benchmark {
  /// What is measured.
  struct Subject {
    let path: String
    let loaded: Loaded
    let bindings: [String: Int]

    init(_ path: String, bindings: [String: Int]) throws {
      self.path = path
      self.bindings = bindings
      loaded = try Loaded(path, Loaded.Hints(bindings: bindings))
    }

    var isGraph: Bool { if case .graph = loaded { true } else { false } }
  }

  private let subject: Subject
  private let executor: ExecutorKind
  private let threads: Int?
  private let seed: Int
  private let options: CompileOptions
  private let tuner: ProductTuner?

  /// - Parameters:
  ///   - options: for a graph; a plan is compiled already.
  ///   - tuner: measures the products before anything is timed.
  init(
    _ subject: Subject, executor: ExecutorKind, threads: Int?, seed: Int, options: CompileOptions = CompileOptions(),
    tuner: ProductTuner? = nil
  ) {
    self.options = options
    self.tuner = tuner
    self.subject = subject
    self.executor = executor
    self.threads = threads
    self.seed = seed
  }

  /// - Parameters:
  ///   - steps: nil for as many as take about a second.
  ///   - records: whether to look at each kernel too, in further steps.
  ///   - report: called with what runs, before it does.
  func measure(
    steps: Int?, records: Bool = false, report: (any StepRunner) -> Void = { _ in }
  ) throws -> BenchmarkResult {
    let program = try StaticProgram(subject.loaded, path: subject.path, bindings: subject.bindings)
    let options = try program.tuned(options, tuner)
    let cold = try Benchmark.timed { try program.runner(executor, threads: threads, options: options) }
    let plan = (cold.value as? PlanRunner)?.plan
    report(cold.value)
    let kind = (cold.value as? PlanRunner).map { $0.library != nil ? ExecutorKind.native : .vm } ?? executor
    var result = BenchmarkResult(graph: program.name, executor: kind.rawValue, plan: plan)
    result.compileCold = cold.milliseconds
    result.compileWarm = try Benchmark.timed { try warm(program, options) }.milliseconds
    let runner = cold.value
    result.threads = (runner as? PlanRunner)?.threads ?? 1
    result.scratchBytes = (runner as? PlanRunner)?.scratchBytesPerThread ?? 0
    let bound = try BoundInputs(
      program, runner, given: try GivenInputs([]), parameters: nil, synthetic: true, seed: seed)
    try withExtendedLifetime(bound) {
      result.times = try Benchmark.times(runner, steps)
      result.peakBytes = Machine.peakResidentBytes
      guard records, let runner = runner as? PlanRunner else { return }
      result.profile = try StepProfile(runner, steps: min(200, result.times.count))
      result.programs = runner.programs
    }
    return result
  }

  /// Compiles again what was compiled before in this process; what it makes is thrown away.
  private func warm(_ program: StaticProgram, _ options: CompileOptions) throws {
    switch program.content {
    case .graph where executor == .native: _ = try program.runner(executor, threads: threads, options: options)
    case .graph(let graph) where executor != .reference: _ = try Compiler.compile(graph, options: options)
    case .plan(let plan): try plan.verify()
    case .graph: break
    }
  }

  // MARK: Times

  static func timed<T>(_ body: () throws -> T) rethrows -> (value: T, milliseconds: Double) {
    let start = ContinuousClock.now
    let value = try body()
    return (value, milliseconds(start.duration(to: .now)))
  }

  private static func milliseconds(_ duration: Duration) -> Double {
    let (seconds, attoseconds) = duration.components
    return Double(seconds) * 1e3 + Double(attoseconds) * 1e-15
  }

  /// Milliseconds of each step, after warming up for at least three steps and a tenth of a second.
  private static func times(_ runner: any StepRunner, _ steps: Int?) throws -> [Double] {
    let start = ContinuousClock.now
    var warmUp = 0
    repeat {
      try runner.run()
      warmUp += 1
    } while warmUp < 3 || (warmUp < 1000 && start.duration(to: .now) < .milliseconds(100))
    let each = milliseconds(start.duration(to: .now)) / Double(warmUp)
    let count = steps ?? min(2000, max(10, Int(1000 / max(each, 0.001))))
    var times: [Double] = []
    times.reserveCapacity(count)
    for _ in 0..<count { times.append(try timed { try runner.run() }.milliseconds) }
    return times
  }
}

/// The figures of a benchmark.
struct BenchmarkResult {
  let graph: String
  let executor: String
  /// nil for the reference executor, which has none.
  let plan: Plan?
  var threads = 1
  var scratchBytes = 0
  var compileCold = 0.0
  var compileWarm = 0.0
  /// Milliseconds a step.
  var times: [Double] = []
  var peakBytes = 0
  var profile: StepProfile?
  /// The plan and its nested programs, by the numbers of recorded events.
  var programs: [Plan] = []
  /// Parts of the compiler that were left out.
  var without: [String] = []

  init(graph: String, executor: String, plan: Plan?) {
    self.graph = graph
    self.executor = executor
    self.plan = plan
  }

  /// The value below which a share of the times lies (nearest rank).
  func percentile(_ share: Double) -> Double {
    let sorted = times.sorted()
    if sorted.isEmpty { return 0 }
    return sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
  }

  var median: Double { Statistics.median(times) }

  /// Two operations for each multiplication of the plan's products, a second, in milliards.
  var gigaflops: Double {
    let operations = plan?.productOperations ?? 0
    return median > 0 ? operations / (median * 1e6) : 0
  }

  var json: JSONValue {
    let figures: [(String, JSONValue)] = [
      ("graph", JSONValue(graph)), ("executor", JSONValue(executor)), ("threads", JSONValue(threads)),
      ("without", JSONValue(without.map { JSONValue($0) })),
      ("steps", JSONValue(times.count)), ("median_ms", Statistics.json(median)),
      ("min_ms", Statistics.json(times.min() ?? 0)), ("p90_ms", Statistics.json(percentile(0.9))),
      ("compile_cold_ms", Statistics.json(compileCold)), ("compile_warm_ms", Statistics.json(compileWarm)),
      ("arena_bytes", JSONValue(plan?.arenaBytes ?? 0)),
      ("arena_lower_bound_bytes", JSONValue(plan?.memory.lowerBound ?? 0)),
      ("arena_naive_bytes", JSONValue(plan?.memory.naive ?? 0)), ("scratch_bytes_per_thread", JSONValue(scratchBytes)),
      ("in_place_joins", JSONValue(plan?.memory.joins.count ?? 0)),
      ("kernels", JSONValue(plan?.program.kernels.count ?? 0)),
      ("gflops", JSONValue((gigaflops * 100).rounded() / 100)), ("peak_rss_bytes", JSONValue(peakBytes)),
    ]
    return JSONValue(fields: figures + (profile.map { [("profile", $0.json)] } ?? []))
  }

  var executorText: String { "\(executor), \(threads) thread\(threads == 1 ? "" : "s")" }

  var text: String {
    var table = TextTable([.left, .left])
    table.add("graph", graph)
    table.add("executor", executorText)
    if !without.isEmpty { table.add("without", without.joined(separator: ", ")) }
    let figures = [median, times.min() ?? 0, percentile(0.9)].map { "\(NumberText.fixed($0, 4)) ms" }
    table.add("step", "median \(figures[0])  min \(figures[1])  p90 \(figures[2])  of \(times.count)")
    table.add("compile", "cold \(NumberText.fixed(compileCold, 2)) ms  warm \(NumberText.fixed(compileWarm, 2)) ms")
    if let plan {
      let memory = plan.memory
      let bounds = "lower bound \(NumberText.grouped(memory.lowerBound))  naive \(NumberText.grouped(memory.naive))"
      table.add("arena", "\(NumberText.grouped(plan.arenaBytes)) bytes  \(bounds)")
      if let text = plan.limitText { table.add("limit", text) }
      table.add("scratch", "\(NumberText.grouped(scratchBytes)) bytes a thread")
      table.add("kernels", "\(plan.program.kernels.count)  in-place joins \(memory.joins.count)")
      table.add("products", "\(NumberText.fixed(gigaflops, 1)) GFLOP/s")
    }
    table.add("peak memory", "\(NumberText.grouped(peakBytes)) bytes resident")
    let lines = table.lines() + (profile.map { ["", $0.text] } ?? [])
    return lines.joined(separator: "\n")
  }
}
