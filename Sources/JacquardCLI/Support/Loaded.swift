import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardInterchange
import JacquardOps
import JacquardPlanner

/// What a file given to a command holds.
enum Loaded {
  case graph(Graph)
  case plan(Plan)

  /// What is known of a model beforehand: an ONNX file may need it to be read at all.
  struct Hints {
    /// Tensors for inputs.
    var values: [String: HostTensor] = [:]
    /// Sizes of symbols.
    var bindings: [String: Int] = [:]
    /// Told what was made of them.
    var note: (String) -> Void = { _ in }
  }

  /// Reads a graph, or a plan, told by the name, or by the key `format`.
  /// - Throws: `Diagnostic` that names file and place.
  init(_ path: String, _ hints: Hints = Hints()) throws {
    if path.hasSuffix(".onnx") {
      self = .graph(try Loaded.model(path, hints))
      return
    }
    try Loaded.refuseUnreadable(path)
    if try Loaded.isPlan(path) {
      self = .plan(try naming(path) { try Plan.read(from: path) })
    } else {
      self = .graph(try Loaded.graph(path))
    }
  }

  /// Reads and verifies a graph.
  static func graph(_ path: String) throws -> Graph {
    if path.hasSuffix(".onnx") { return try model(path, Hints()) }
    try refuseUnreadable(path)
    return try naming(path) {
      let graph = try Graph.read(from: path, registry: .standard)
      try graph.verify()
      return graph
    }
  }

  private static func model(_ path: String, _ hints: Hints) throws -> Graph {
    try naming(path) {
      let read = try Graph.readONNX(from: path, values: hints.values, bindings: hints.bindings)
      for name in read.specialized {
        hints.note("shapes depend on the value of input '\(name)': they are those of the value given")
      }
      if read.isDecided { hints.note("the values given decide every output: nothing is left to compute") }
      try read.graph.verify()
      return read.graph
    }
  }

  private static func refuseUnreadable(_ path: String) throws {
    if path.hasSuffix(".mlir") { throw Version.lacks("reading .mlir") }
    if path.hasSuffix(".dot") { throw Diagnostic("\(path): .dot can be written, not read", kind: .unsupported) }
  }

  /// The key stands at the beginning of every file that Jacquard wrote.
  private static func isPlan(_ path: String) throws -> Bool {
    let start = String(decoding: try FileStart.read(path, 4096), as: UTF8.self).split { $0.isWhitespace }.joined()
    if start.contains("\"format\":\"\(PlanFormat.name)\"") { return true }
    return path.hasSuffix(".plan.json") && !start.contains("\"format\":\"jacquard.graph\"")
  }
}

/// Names a file in every error of a piece of work.
func naming<T>(_ path: String, _ body: () throws -> T) throws -> T {
  do {
    return try body()
  } catch let error as Diagnostic {
    throw error.place?.hasPrefix(path) ?? false ? error : error.at(path)
  }
}
