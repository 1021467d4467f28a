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
      try Compiler.compile(source, bindings: try bind.sizes(), options: memory.applied()).plan
    }
    try plan.write(to: output)
    console.print(
      "\(output): \(plan.program.kernels.count) kernels, arena \(NumberText.grouped(plan.arenaBytes)) bytes")
    if let text = plan.limitText { console.print(text) }
  }
}
