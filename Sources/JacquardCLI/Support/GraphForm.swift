import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardInterchange

/// The forms in which a graph is written, told by the ending of the name.
enum GraphForm {
  case json, text, dot

  /// - Throws: `Diagnostic` if the ending stands for nothing, or for a form that does not exist yet.
  init(_ path: String) throws {
    let ending = path.split(separator: "/").last?.split(separator: ".").last.map { $0.lowercased() } ?? ""
    switch ending {
    case "json": self = .json
    case "txt", "text", "graph": self = .text
    case "dot", "gv": self = .dot
    case "onnx", "mlir", "html": throw Version.lacks("writing .\(ending)")
    default:
      throw Diagnostic("\(path): the form is told by the ending: .json, .txt or .dot", kind: .unsupported)
    }
  }

  func write(_ graph: Graph, to path: String) throws {
    switch self {
    case .json: try graph.write(to: path)
    case .text: try graph.writeText(to: path)
    case .dot: try AtomicFile.write(graph.dot(), to: path)
    }
  }
}
