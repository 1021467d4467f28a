import ArgumentParser
import JacquardCore
import JacquardRuntime

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

  func validate() throws {
    if let threads, !(1...64).contains(threads) { throw ValidationError("--threads must be from 1 to 64") }
  }

  @Flag(help: "Show all that the C compiler said where it failed.")
  var verbose = false

  /// Says in one line on stderr why the tile machine runs what was to be native, and what was not kept in the cache.
  func report(_ runner: any StepRunner, _ console: Console) {
    guard let runner = runner as? PlanRunner else { return }
    if let failure = runner.compilerFailure {
      console.note("\(failure); executor vm runs instead")
      if verbose, let details = failure.details { console.note(details) }
    }
    if let note = runner.library?.note { console.note(note) }
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
