import ArgumentParser
import JacquardCore
import JacquardRuntime

/// `jacquard bisect`
struct BisectCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "bisect",
    abstract: "Finds the pass or kernel that first computes something else than the reference.",
    discussion: """
      Each is judged alone, from what it was given. Missing data is drawn as by --synthetic. Exit status 1 if one is wrong \
      (docs/profiling.md).
      """)

  @Argument(help: "A graph.")
  var graph: String

  @OptionGroup var data: DataOptions
  @OptionGroup var bind: BindOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var executor: ExecutorOptions
  @OptionGroup var memory: MemoryLimitOptions
  @OptionGroup var tolerance: ToleranceOptions

  @Flag(help: "Print the report as JSON (docs/profiling.md).")
  var json = false

  func run(_ console: Console) throws {
    let kind = try executor.compiling(for: "bisect")
    let given = try GivenInputs(data.inputs)
    let subject = try DataSubject(graph, given: given, bindings: try bind.sizes(), purpose: "bisect", console)
    console.noteUnoptimisedRuntime()
    let report = try naming(graph) {
      try subject.checkMemory()
      let inputs = try subject.inputs(data.params, synthetic: true, seed: seed.seed)
      let bisection = Bisection(subject.graph, inputs: inputs, agreement: tolerance.agreement(else: .ofOneStep))
      return try BisectionReport(
        subject.graph.name, bisection, options: memory.applied(), executor: kind, threads: executor.threads)
    }
    console.print(json ? report.json.text() : report.text)
    if report.wrong != nil { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
