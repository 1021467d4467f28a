import Jacquard
import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardInterchange

/// The forms in which a graph is written, told by the ending of the name.
enum GraphForm {
  case json, text, dot, onnx

  /// - Throws: `Diagnostic` if the ending stands for nothing, or for a form that does not exist yet.
  init(_ path: String) throws {
    let ending = path.split(separator: "/").last?.split(separator: ".").last.map { $0.lowercased() } ?? ""
    switch ending {
    case "json": self = .json
    case "txt", "text", "graph": self = .text
    case "dot", "gv": self = .dot
    case "onnx": self = .onnx
    case "mlir", "html": throw Version.lacks("writing .\(ending)")
    default:
      throw Diagnostic("\(path): the form is told by the ending: .json, .txt, .dot or .onnx", kind: .unsupported)
    }
  }

  /// - Parameters:
  ///   - store: parameters, which ONNX wants in the file.
  ///   - external: whether they lie in a file beside it.
  func write(
    _ graph: Graph, to path: String, _ store: ParameterStore = ParameterStore(), external: Bool = false
  ) throws {
    switch self {
    case .json: try graph.write(to: path)
    case .text: try graph.writeText(to: path)
    case .dot: try AtomicFile.write(graph.dot(), to: path)
    case .onnx: try graph.writeONNX(to: path, parameters: store, external: external)
    }
  }
}
