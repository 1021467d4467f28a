import ArgumentParser
import Jacquard
import JacquardCore
import JacquardPlanner
import JacquardRuntime
import Synchronization

/// `NAME=VALUE`, cut at the first equals sign.
struct NamedText: ExpressibleByArgument {
  let name: String
  let text: String

  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "=") else { return nil }
    name = String(argument[..<equals])
    text = String(argument[argument.index(after: equals)...])
    if name.isEmpty || text.isEmpty { return nil }
  }
}

/// `N=128`.
struct SymbolSize: ExpressibleByArgument {
  let symbol: String
  let size: Int

  init?(argument: String) {
    guard let parts = NamedText(argument: argument), let size = Int(parts.text) else { return nil }
    self.symbol = parts.name
    self.size = size
  }
}

/// `A,B`.
struct NameList: ExpressibleByArgument {
  let names: [String]

  init?(argument: String) {
    names = argument.split(separator: ",").map(String.init)
    if names.isEmpty { return nil }
  }
}

extension ExecutorKind: ExpressibleByArgument {}

/// Sizes of symbols.
struct BindOptions: ParsableArguments {
  @Option(name: .customLong("bind"), help: ArgumentHelp("Size of a symbol of the graph.", valueName: "N=128"))
  var bindings: [SymbolSize] = []

  /// - Throws: `Diagnostic` if a symbol is given two sizes.
  func sizes() throws -> [String: Int] {
    var result: [String: Int] = [:]
    for binding in bindings {
      if let other = result.updateValue(binding.size, forKey: binding.symbol), other != binding.size {
        throw Diagnostic(
          "--bind gives symbol \(binding.symbol) the sizes \(other) and \(binding.size)", kind: .unsupported)
      }
    }
    return result
  }
}

/// How to run.
struct ExecutorOptions: ParsableArguments {
  @Option(help: "auto (vm, then native for what runs long), native, vm or reference.")
  var executor: ExecutorKind = .auto

  @Option(help: ArgumentHelp("Threads of a step; by default as many as there are processors.", valueName: "t"))
  var threads: Int?

  func validate() throws { try ExecutorOptions.validate(threads: threads) }

  static func validate(threads: Int?) throws {
    if let threads, !(1...64).contains(threads) { throw ValidationError("--threads must be from 1 to 64") }
  }

  @Flag(help: "Show all that the C compiler said where it failed.")
  var verbose = false

  /// Says in one line on stderr why the tile machine runs what was to be native, or what was not kept in the cache.
  func report(_ runner: any StepRunner, _ console: Console) {
    if let notice = (runner as? PlanRunner)?.notice { Self.report(notice, isVerbose: verbose, console) }
  }

  /// How a session reports: once, however many plans it compiles.
  func sessionOptions(_ console: Console, _ tune: TuneOptions) throws -> Session.Options {
    var options = Session.Options(executor: executor, threads: threads)
    options.tuner = try tune.tuner(self, console)
    let said = Mutex<Set<NativeNotice>>([])
    // The session calls it on the thread that runs the command.
    nonisolated(unsafe) let console = console
    options.onNotice = { [isVerbose = verbose] notice in
      if said.withLock({ $0.insert(notice).inserted }) { Self.report(notice, isVerbose: isVerbose, console) }
    }
    return options
  }

  private static func report(_ notice: NativeNotice, isVerbose: Bool, _ console: Console) {
    switch notice {
    case .notKept(let note): console.note(note)
    case .fallback(let failure):
      console.note("\(failure); executor vm runs instead")
      if isVerbose, let details = failure.details { console.note(details) }
    }
  }
}

/// How much memory a compiled step may take.
struct MemoryLimitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The most bytes of the arena: of all that a step makes beside inputs, parameters and state. What does not fit is "
        + "ordered differently, then computed again when it is needed.", valueName: "bytes"))
  var memoryLimit: Int?

  func validate() throws { try requirePositive(memoryLimit, "--memory-limit") }

  /// Options with the limit.
  func applied(to options: CompileOptions = CompileOptions()) -> CompileOptions {
    var options = options
    options.memoryLimit = memoryLimit
    return options
  }
}

/// Whether to measure.
struct TuneOptions: ParsableArguments {
  @Flag(
    help: """
      Measure how each matrix product of a graph is made fastest here; what is found is kept (docs/native.md).
      """)
  var autotune = false

  /// - Returns: nil without --autotune.
  /// - Throws: `Diagnostic` for the executor that has no tiles.
  func tuner(_ executor: ExecutorOptions, _ console: Console) throws -> ProductTuner? {
    if autotune && executor.executor == .reference {
      throw Diagnostic("--autotune is not for executor reference, which has no tiles", kind: .unsupported)
    }
    return tuner(threads: executor.threads, console)
  }

  func tuner(threads: Int?, _ console: Console) -> ProductTuner? {
    if !autotune { return nil }
    // Called by the thread that runs the command.
    nonisolated(unsafe) let console = console
    return ProductTuner(threads: threads) { report in
      console.note(
        "products measured: \(report.measured), known: \(report.found), made in another way: \(report.changed)")
      if let note = report.note { console.note(note) }
    }
  }
}

/// Where random numbers begin.
struct SeedOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Seed of initialisers, synthetic data and the order of examples.")
  var seed: Int = 0
}

/// Arguments that a `validate()` looks at.
func requirePositive(_ value: Int?, _ option: String) throws {
  if let value, value < 1 { throw ValidationError("\(option) must be at least 1") }
}
