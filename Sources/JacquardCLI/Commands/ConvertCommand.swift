import ArgumentParser
import JacquardCore

/// `jacquard convert`
struct ConvertCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Writes a graph in another form: .json, .txt (text form), .dot (Graphviz).")

  @Argument(help: "A graph (.json, .onnx or text form).")
  var input: String

  @Argument(help: "The file to write.")
  var output: String

  func run(_ console: Console) throws {
    let form = try GraphForm(output)
    guard case .graph(let graph) = try Loaded(input) else {
      throw Diagnostic("is a compiled plan, not a graph", place: input)
    }
    try OutputFile.check(output)
    try naming(output) { try form.write(graph, to: output) }
  }
}
