import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardOps
import JacquardPlanner

/// What a file given to a command holds.
enum Loaded {
  case graph(Graph)
  case plan(Plan)

  /// Reads a graph, or a plan, told by the key `format`, else by the name.
  /// - Throws: `Diagnostic` that names file and place.
  init(_ path: String) throws {
    try Loaded.refuseUnreadable(path)
    if try Loaded.isPlan(path) {
      self = .plan(try naming(path) { try Plan.read(from: path) })
    } else {
      self = .graph(try Loaded.graph(path))
    }
  }

  /// Reads and verifies a graph.
  static func graph(_ path: String) throws -> Graph {
    try refuseUnreadable(path)
    return try naming(path) {
      let graph = try Graph.read(from: path, registry: .standard)
      try graph.verify()
      return graph
    }
  }

  private static func refuseUnreadable(_ path: String) throws {
    for ending in [".onnx", ".mlir"] where path.hasSuffix(ending) { throw Version.lacks("reading \(ending)") }
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
