import ArgumentParser
import JacquardCore

/// `jacquard bench`
struct BenchCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures steps on synthetic data, from fresh parameters.")

  @Argument(help: "A graph or a compiled plan.")
  var graph: String

  @OptionGroup var bind: BindOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var executor: ExecutorOptions

  @Option(help: ArgumentHelp("Steps to measure; by default those of about a second.", valueName: "k"))
  var steps: Int?

  @Flag(help: "Print the figures as JSON (docs/inspect.md).")
  var json = false

  @Flag(help: "Also show each kernel's time by thread (not executor reference).")
  var profile = false

  func validate() throws { try requirePositive(steps, "--steps") }

  func run(_ console: Console) throws {
    let subject = try Benchmark.Subject(graph, bindings: try bind.sizes())
    console.noteUnoptimisedRuntime()
    let result = try naming(graph) {
      // What `auto` ends with, from the first step on.
      let kind = executor.executor == .auto ? .native : executor.executor
      return try Benchmark(subject, executor: kind, threads: executor.threads, seed: seed.seed)
        .measure(steps: steps, profile: profile) { executor.report($0, console) }
    }
    console.print(json ? result.json.text() : result.text)
  }
}
