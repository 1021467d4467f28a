import JacquardCore
import JacquardFiles

extension Graph {
  /// The graph as JSON, version 1 (docs/graph-format.md): keys in a fixed order, one input and one node a line.
  ///
  /// - Throws: `Diagnostic` if an attribute cannot be written.
  public func json(_ placement: ConstantPlacement = .inline) throws -> GraphDocument {
    var writer = GraphWriter(placement)
    let document = try writer.document(self)
    var layout = GraphLayout()
    layout.outermost(document)
    return GraphDocument(text: String(decoding: layout.bytes, as: UTF8.self), constants: writer.constants)
  }

  /// The same as a value, constants inline.
  ///
  /// - Throws: `Diagnostic` if an attribute cannot be written.
  public func jsonValue() throws -> JSONValue {
    var writer = GraphWriter(.inline)
    return try writer.document(self)
  }

  /// Reads JSON, version 1. Types are inferred anew and compared with those that the file states.
  ///
  /// - Parameters:
  ///   - file: what messages call the text.
  ///   - registry: the operations that may occur.
  ///   - resolve: reads constants that stand beside the text; without it they are an error.
  /// - Throws: `Diagnostic` with file, line, column and the node, in one line.
  public init(
    json bytes: [UInt8], file: String, registry: OperationRegistry, resolve: TensorResolver? = nil
  ) throws {
    let document = try JSONValue.parse(bytes, file: file, limits: JSONLimits(bytes: GraphFormat.longestFile))
    self = try GraphReader.graph(document, registry, resolve)
  }
}

/// Lays out the outermost object and sub-graphs over lines: each key on its own, and each element of a list of objects.
private struct GraphLayout {
  private(set) var bytes: [UInt8] = []

  private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func outermost(_ graph: JSONValue) {
    self.graph(graph, indent: "")
    put("\n")
  }

  private mutating func graph(_ graph: JSONValue, indent: String) {
    guard case .object(let fields) = graph.content else { return }
    put("{\n")
    for (index, field) in fields.enumerated() {
      if index > 0 { put(",\n") }
      put("\(indent)  \"\(field.name)\": ")
      rows(field.value, indent: indent + "  ")
    }
    put("\n\(indent)}")
  }

  private mutating func rows(_ value: JSONValue, indent: String) {
    guard case .array(let rows) = value.content, !rows.isEmpty else { return bytes.append(contentsOf: value.utf8()) }
    put("[\n")
    for (index, row) in rows.enumerated() {
      if index > 0 { put(",\n") }
      put("\(indent)  ")
      self.row(row, indent: indent + "  ")
    }
    put("\n\(indent)]")
  }

  /// An input, node, output: on one line, but for its sub-graphs.
  private mutating func row(_ row: JSONValue, indent: String) {
    guard case .object(let fields) = row.content, fields.contains(where: { $0.name == "graphs" }) else {
      return bytes.append(contentsOf: row.utf8())
    }
    put("{")
    for (index, field) in fields.enumerated() {
      if index > 0 { put(", ") }
      put("\"\(field.name)\": ")
      if field.name == "graphs" {
        graphs(field.value, indent: indent)
      } else {
        bytes.append(contentsOf: field.value.utf8())
      }
    }
    put("}")
  }

  private mutating func graphs(_ value: JSONValue, indent: String) {
    guard case .array(let graphs) = value.content else { return }
    put("[\n")
    for (index, graph) in graphs.enumerated() {
      if index > 0 { put(",\n") }
      put("\(indent)  ")
      self.graph(graph, indent: indent + "  ")
    }
    put("\n\(indent)]")
  }
}
