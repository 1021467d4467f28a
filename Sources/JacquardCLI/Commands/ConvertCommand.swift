import ArgumentParser
import Jacquard
import JacquardCore

/// `jacquard convert`
struct ConvertCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Writes a graph in another form: .json, .txt (text form), .dot (Graphviz), .onnx.",
    discussion: "An ONNX model holds the parameters: from --params, else as their initialisers draw them.")

  @Argument(help: "A graph (.json, .onnx or text form).")
  var input: String

  @Argument(help: "The file to write.")
  var output: String

  @Option(help: ArgumentHelp("Parameters and state of an ONNX model.", valueName: "file.safetensors"))
  var params: String?

  @OptionGroup var seed: SeedOptions

  @Flag(help: "Keep the tensors of an ONNX model in a file beside it, OUTPUT.data.")
  var externalData = false

  func run(_ console: Console) throws {
    let form = try GraphForm(output)
    if form != .onnx, params != nil || externalData {
      throw Diagnostic("--params and --external-data go with a file .onnx", kind: .unsupported)
    }
    guard case .graph(let graph) = try Loaded(input) else {
      throw Diagnostic("is a compiled plan, not a graph", place: input)
    }
    try OutputFile.check(output)
    let store = ParameterStore(seed: seed.seed)
    if let params { try store.take(graph.inputs, from: params) }
    try naming(output) { try form.write(graph, to: output, store, external: externalData) }
  }
}
