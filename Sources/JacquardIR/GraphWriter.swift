import JacquardCore
import JacquardFiles

/// Turns a graph into the values of its file: what JSON and the text form have in common.
struct GraphWriter {
  private let placement: ConstantPlacement
  private(set) var constants: [String: HostTensor] = [:]

  init(_ placement: ConstantPlacement) { self.placement = placement }

  /// The outermost object.
  mutating func document(_ graph: Graph) throws -> JSONValue {
    let head = [
      JSONField("format", JSONValue(GraphFormat.name)), JSONField("version", JSONValue(GraphFormat.version)),
    ]
    return JSONValue(.object(head + (try fields(graph, path: ""))))
  }

  /// - Parameter path: nodes around this graph, which make the names of its constants unique.
  private mutating func fields(_ graph: Graph, path: String) throws -> [JSONField] {
    var fields = [JSONField("name", JSONValue(graph.name))]
    if !graph.symbols.isEmpty { fields.append(JSONField("symbols", JSONValue(graph.symbols.map(symbol)))) }
    fields.append(JSONField("inputs", JSONValue(try graph.inputs.map(input))))
    var nodes: [JSONValue] = []
    nodes.reserveCapacity(graph.nodes.count)
    for item in graph.nodes { nodes.append(try node(item, in: graph, path: path)) }
    fields.append(JSONField("nodes", JSONValue(nodes)))
    let outputs = graph.outputs.map { output in
      JSONValue(fields: [("name", JSONValue(output.name)), ("value", label(output.value, graph))])
    }
    fields.append(JSONField("outputs", JSONValue(outputs)))
    let updates = graph.updates.map { update in
      JSONValue(fields: [
        ("input", JSONValue(graph.inputs[update.input].name)), ("value", label(update.value, graph)),
      ])
    }
    if !updates.isEmpty { fields.append(JSONField("updates", JSONValue(updates))) }
    return fields
  }

  private func label(_ value: ValueID, _ graph: Graph) -> JSONValue { JSONValue(GraphFormat.label(value, in: graph)) }

  private func symbol(_ symbol: Graph.Symbol) -> JSONValue {
    var fields = [JSONField("name", JSONValue(symbol.name))]
    if let size = symbol.defaultSize { fields.append(JSONField("default", JSONValue(size))) }
    return JSONValue(.object(fields))
  }

  private func input(_ input: Input) throws -> JSONValue {
    var fields = [
      JSONField("name", JSONValue(input.name)), JSONField("type", JSONValue(input.type.description)),
      JSONField("role", JSONValue(input.role.rawValue)),
    ]
    if let value = input.initializer { fields.append(JSONField("init", try JSONCoding.encode(value))) }
    if let value = input.sample { fields.append(JSONField("sample", try JSONCoding.encode(value))) }
    if let value = input.feed { fields.append(JSONField("feed", try JSONCoding.encode(value))) }
    if let site = input.site { fields.append(JSONField("site", JSONValue(site.description))) }
    return JSONValue(.object(fields))
  }

  private mutating func node(_ node: Node, in graph: Graph, path: String) throws -> JSONValue {
    let path = "\(path)\(GraphFormat.label(node))"
    let operation = type(of: node.operation)
    var fields = [
      JSONField("name", JSONValue(GraphFormat.label(node))), JSONField("op", JSONValue(operation.name)),
    ]
    if operation.version != 1 { fields.append(JSONField("version", JSONValue(operation.version))) }
    fields.append(JSONField("inputs", JSONValue(node.inputs.map { label($0, graph) })))
    fields.append(JSONField("attributes", try attributes(node, path)))
    if !node.graphs.isEmpty {
      var graphs: [JSONValue] = []
      for (index, inner) in node.graphs.enumerated() {
        graphs.append(JSONValue(.object(try self.fields(inner, path: "\(path)/\(index)/"))))
      }
      fields.append(JSONField("graphs", JSONValue(graphs)))
    }
    let types = node.results.map { JSONValue(graph.type($0).description) }
    fields.append(types.count == 1 ? JSONField("type", types[0]) : JSONField("types", JSONValue(types)))
    if !node.scope.isEmpty { fields.append(JSONField("scope", JSONValue(node.scope))) }
    if let site = node.site { fields.append(JSONField("site", JSONValue(site.description))) }
    return JSONValue(.object(fields))
  }

  private mutating func attributes(_ node: Node, _ path: String) throws -> JSONValue {
    var fields: [JSONField] = []
    for field in try node.operation.attributes() {
      let value = try field.value.json { try tensor($0, "\(path).\(field.key)") }
      fields.append(JSONField(field.key, value))
    }
    return JSONValue(.object(fields))
  }

  private mutating func tensor(_ tensor: HostTensor, _ name: String) throws -> JSONValue {
    guard case .beside(let file) = placement, !tensor.isInline else { return tensor.inlineJSON }
    var unique = name
    var number = 2
    while constants[unique] != nil {
      unique = "\(name)~\(number)"
      number += 1
    }
    constants[unique] = tensor
    return [
      "file": JSONValue(file), "tensor": JSONValue(unique), "sha256": JSONValue(SHA256.hex(of: tensor)),
    ]
  }
}
