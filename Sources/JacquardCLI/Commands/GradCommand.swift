import ArgumentParser
import JacquardCore
import JacquardIR
import JacquardTransforms

/// `jacquard grad`
struct GradCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "grad", abstract: "Adds the derivatives of a scalar output as outputs grad/A.")

  @Argument(help: "A graph.")
  var graph: String

  @Option(help: "The output to differentiate: a single float.")
  var of: String

  @Option(help: ArgumentHelp("Inputs or nodes to differentiate by.", valueName: "a,b"))
  var wrt: [NameList]

  @Option(name: .shortAndLong, help: ArgumentHelp("The graph to write.", valueName: "out.json"))
  var output: String

  func run(_ console: Console) throws {
    guard case .graph(let source) = try Loaded(graph) else {
      throw Diagnostic("is a compiled plan; the derivative needs the graph", place: graph)
    }
    let form = try GraphForm(output)
    try OutputFile.check(output)
    let result = try naming(graph) { try source.addingGradients(of: of, withRespectTo: wrt.flatMap(\.names)) }
    try form.write(result, to: output)
    console.print(
      "\(output): \(result.nodes.count) nodes, outputs \(result.outputs.map(\.name).joined(separator: ", "))")
  }
}
