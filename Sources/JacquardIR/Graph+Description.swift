import JacquardCore
import JacquardFiles

extension Graph: CustomStringConvertible {
  /// The graph for people: the text form of docs/graph-format.md without what only a file needs (initialisers, hints, scopes and source
  /// lines), large attributes cut short, and at most `shownNodes` nodes. It cannot be read back; `text()` can.
  ///
  /// ```
  /// graph mlp(N=128) {
  ///   input x: f32[N,784] data
  ///   input hidden/weight: f32[784,256] parameter
  ///   h: f32[N,256] = dot(x, hidden/weight)
  ///   output logits = h
  /// }
  /// ```
  public var description: String {
    let list = symbols.map { $0.name + ($0.defaultSize.map { "=\($0)" } ?? "") }.joined(separator: ", ")
    var lines = ["graph \(GraphTextSyntax.label(name))\(list.isEmpty ? "" : "(\(list))") {"]
    lines += inputs.map { "  input \(GraphTextSyntax.label($0.name)): \($0.type) \($0.role.rawValue)" }
    lines += nodes.prefix(Graph.shownNodes).map { "  " + line($0) }
    if nodes.count > Graph.shownNodes { lines.append("  ... \(nodes.count - Graph.shownNodes) more nodes") }
    lines += outputs.map { "  output \(GraphTextSyntax.label($0.name)) = \(reference($0.value))" }
    lines += updates.map { "  update \(GraphTextSyntax.label(inputs[$0.input].name)) = \(reference($0.value))" }
    return lines.joined(separator: "\n") + "\n}"
  }

  /// How many nodes `description` shows.
  public static let shownNodes = 200

  /// `h: f32[N,256] = dot(x, w) {transpose: true}`
  private func line(_ node: Node) -> String {
    let types = node.results.map { self.type($0).description }
    let result = types.count == 1 ? types[0] : "(\(types.joined(separator: ", ")))"
    let operands = node.inputs.map(reference).joined(separator: ", ")
    let name = node.results.first.map(reference) ?? describe(node)
    let graphs = node.graphs.map { "\($0.name): \($0.nodes.count) nodes" }.joined(separator: ", ")
    let inner = graphs.isEmpty ? "" : " [\(graphs)]"
    return "\(name): \(result) = \(node.operationName)(\(operands))\(attributes(node))\(inner)"
  }

  private func attributes(_ node: Node) -> String {
    guard let fields = try? node.operation.attributes(), !fields.isEmpty else { return "" }
    let items = fields.map { "\($0.key): \($0.value.shortText)" }
    return " {\(items.joined(separator: ", "))}"
  }

  private func reference(_ value: ValueID) -> String {
    GraphTextSyntax.reference(GraphFormat.label(value, in: self))
  }
}

extension AttributeValue {
  private static let shownCharacters = 80

  /// The value as the text form has it, cut short; of a large tensor the type alone.
  package var shortText: String {
    let json = try? json { $0.isInline ? $0.inlineJSON : JSONValue($0.type.description) }
    let text = json.map(GraphTextSyntax.value) ?? ""
    return text.count <= Self.shownCharacters ? text : "\(text.prefix(Self.shownCharacters))..."
  }
}
