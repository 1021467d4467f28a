import ArgumentParser
import JacquardCore
import JacquardIR
import JacquardPlanner

/// `jacquard compile`
struct CompileCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile", abstract: "Compiles a graph to a plan that run executes.")

  @Argument(help: "A graph.")
  var graph: String

  @OptionGroup var bind: BindOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The plan to write.", valueName: "name.plan.json"))
  var output: String

  @OptionGroup var memory: MemoryLimitOptions
  @OptionGroup var tune: TuneOptions

  @Option(help: ArgumentHelp("Threads that --autotune measures with; by default all processors.", valueName: "t"))
  var threads: Int?

  func validate() throws {
    try ExecutorOptions.validate(threads: threads)
    if threads != nil && !tune.autotune { throw ValidationError("--threads needs --autotune") }
  }

  func run(_ console: Console) throws {
    if output.hasSuffix("/") || !output.contains(".") { throw Version.lacks("compiling ahead of time to C") }
    if !output.hasSuffix(".json") {
      throw Diagnostic("\(output): a plan is written as NAME.plan.json", kind: .unsupported)
    }
    guard case .graph(let source) = try Loaded(graph, Loaded.Hints(bindings: bind.sizes())) else {
      throw Diagnostic("is a compiled plan already", place: graph)
    }
    try OutputFile.check(output)
    let plan = try naming(graph) {
      var options = memory.applied()
      let sizes = try bind.sizes()
      if let tuner = tune.tuner(threads: threads, console) {
        options = try tuner.tuned(options, for: source, bindings: sizes)
      }
      return try Compiler.compile(source, bindings: sizes, options: options).plan
    }
    try plan.write(to: output)
    console.print(
      "\(output): \(plan.program.kernels.count) kernels, arena \(NumberText.grouped(plan.arenaBytes)) bytes")
    if let text = plan.limitText { console.print(text) }
  }
}
