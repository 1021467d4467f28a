import Foundation
import JacquardCore
import JacquardFiles
import JacquardIR
import Testing

/// Keeps docs/graph.schema.json in step with reader and writer.
@Suite struct SchemaTests {
  private var schema: JSONValue {
    get throws {
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      return try JSONValue.read(root.deletingLastPathComponent().appendingPathComponent("docs/graph.schema.json").path)
    }
  }

  private func properties(_ value: JSONValue) throws -> [String] {
    try value.object().required("properties").object().fields.map(\.name)
  }

  private func definition(_ name: String) throws -> JSONValue {
    try schema.object().required("$defs").object().required(name)
  }

  /// Every key that the writer writes in some graph, by the kind of object, in its order.
  private func collect(_ value: JSONValue, _ kind: String, _ keys: inout [String: [String]]) throws {
    let parts = [
      "symbols": "symbol", "inputs": "input", "nodes": "node", "outputs": "output", "updates": "update",
      "graphs": "graph", "init": "init", "sample": "sample", "feed": "feed",
    ]
    for field in try value.object().fields {
      if !keys[kind, default: []].contains(field.name) { keys[kind, default: []].append(field.name) }
      guard let part = parts[field.name] else { continue }
      switch field.value.content {
      case .array(let items):
        for item in items { if case .object = item.content { try collect(item, part, &keys) } }
      case .object: try collect(field.value, part, &keys)
      default: break
      }
    }
  }

  /// Inputs with every initialiser and hint.
  private func hints() throws -> Graph {
    let builder = GraphBuilder(name: "hints")
    let initializers = [
      Initializer(.constant, seed: 1, value: 2), Initializer(.uniform, low: 0, high: 1),
      Initializer(.normal, mean: 0, deviation: 2), Initializer(.xavierNormal, gain: 2), Initializer(.xavierUniform),
      Initializer(.kaimingNormal), Initializer(.kaimingUniform), Initializer(.zeros), Initializer(.ones),
      Initializer(.truncatedNormal, low: -1), Initializer(.orthogonal, gain: 2),
    ]
    #expect(Set(initializers.map(\.kind)) == Set(Initializer.Kind.allCases))
    for (index, value) in initializers.enumerated() {
      try builder.input(Input(name: "p\(index)", type: "f32[2]", role: .parameter, initializer: value))
    }
    return builder.graph
  }

  @Test func schemaHasTheKeysThatAreWritten() throws {
    var keys: [String: [String]] = [:]
    for graph in try TinyGraphs.all() + [hints()] {
      try collect(JSONValue.parse(Array(graph.json().text.utf8), file: "g"), "root", &keys)
    }
    #expect(Set(try properties(schema)) == Set(keys["root"] ?? []))
    for kind in ["symbol", "input", "node", "output", "update", "graph", "init", "sample", "feed"] {
      #expect(Set(try properties(definition(kind))) == Set(keys[kind] ?? []), "\(kind)")
    }
  }

  @Test func schemaListsTheKinds() throws {
    func listed(_ definition: JSONValue, _ key: String) throws -> [String] {
      let property = try definition.object().required("properties").object().required(key)
      return try property.object().required("enum").array { (value) throws(Diagnostic) in try value.string() }
    }
    #expect(try listed(definition("init"), "kind") == Initializer.Kind.allCases.map(\.rawValue))
    let roles: [Input.Role] = [.data, .parameter, .state]
    #expect(try listed(definition("input"), "role") == roles.map(\.rawValue))
    let pattern = try definition("type").object().required("pattern").string()
    #expect(pattern.hasPrefix("^(\(DType.allCases.map(\.rawValue).joined(separator: "|")))"))
  }

  /// The example in docs/graph-format.md has the canonical layout.
  @Test func documentedExampleIsCanonical() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let page = root.deletingLastPathComponent().appendingPathComponent("docs/graph-format.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let example = try #require(text.components(separatedBy: "```json\n").last?.components(separatedBy: "```").first)
    let registry = OperationRegistry([DocumentedDot.self, DocumentedExp.self])
    let graph = try Graph(json: Array(example.utf8), file: "graph-format.md", registry: registry)
    #expect(try graph.json().text == example)
  }
}

/// The operations of the page's example.
private struct DocumentedDot: TinyOperation {
  static let name = "dot"
  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try operands(2, context)
    return [TensorType(.f32, [context.inputs[0].shape[0], context.inputs[1].shape[1]])]
  }
}

private struct DocumentedExp: TinyOperation {
  static let name = "exp"
  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try operands(1, context)
    return [context.inputs[0]]
  }
}
