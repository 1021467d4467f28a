import JacquardCore
import JacquardIR

extension Graph {
  /// The graph in the DOT language of Graphviz: scopes as nested clusters, inputs coloured by role, updates as dashed edges back to
  /// the input they replace, types at the edges. The same graph gives the same text.
  public func dot() -> String {
    var writer = DOTWriter()
    writer.line("digraph \(DOTWriter.quoted(name)) {")
    writer.line("  rankdir=TB; compound=true;")
    writer.line(##"  node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif"];"##)
    writer.line(##"  edge [fontname="sans-serif", fontsize=8, color="#555555"];"##)
    writer.body(self, prefix: "", indent: "  ")
    writer.line("}")
    return writer.text
  }
}

/// Nodes by scope: a scope `a/b` lies inside the scope `a`.
private final class DOTScope {
  var nodes: [Node] = []
  /// In the order in which they occur.
  private(set) var inner: [(name: String, scope: DOTScope)] = []
  private var positions: [String: Int] = [:]

  func scope(_ name: String) -> DOTScope {
    if let position = positions[name] { return inner[position].scope }
    positions[name] = inner.count
    inner.append((name, DOTScope()))
    return inner[inner.count - 1].scope
  }
}

private struct DOTWriter {
  private(set) var text = ""
  private var clusters = 0

  /// Clusters inside each other; what lies deeper is drawn in the last one.
  private static let deepest = 32

  mutating func line(_ line: String) { text += line + "\n" }

  /// - Parameter prefix: of the names of all nodes, so that those of sub-graphs differ.
  mutating func body(_ graph: Graph, prefix: String, indent: String) {
    for (index, input) in graph.inputs.enumerated() {
      let label = DOTWriter.quoted("\(input.name)\n\(input.type)")
      line("\(indent)\(prefix)i\(index) [label=\(label), fillcolor=\"\(DOTWriter.color(input.role))\"];")
    }
    let root = DOTScope()
    for node in graph.nodes {
      let path = node.scope.split(separator: "/").prefix(DOTWriter.deepest)
      path.reduce(root) { $0.scope(String($1)) }.nodes.append(node)
    }
    scope(root, graph, prefix: prefix, indent: indent)
    for (index, output) in graph.outputs.enumerated() {
      let label = DOTWriter.quoted("\(output.name)\n\(graph.type(output.value))")
      line("\(indent)\(prefix)o\(index) [label=\(label), shape=ellipse, fillcolor=\"#f4cccc\"];")
      line("\(indent)\(name(output.value, graph, prefix)) -> \(prefix)o\(index);")
    }
    for update in graph.updates {
      let value = name(update.value, graph, prefix)
      line("\(indent)\(value) -> \(prefix)i\(update.input) [style=dashed, constraint=false, label=\"update\"];")
    }
  }

  private mutating func scope(_ scope: DOTScope, _ graph: Graph, prefix: String, indent: String) {
    for node in scope.nodes { self.node(node, graph, prefix: prefix, indent: indent) }
    for (name, inner) in scope.inner {
      open(name, indent: indent)
      self.scope(inner, graph, prefix: prefix, indent: indent + "  ")
      line("\(indent)}")
    }
  }

  private mutating func open(_ label: String, indent: String) {
    line("\(indent)subgraph cluster_\(clusters) {")
    line("\(indent)  label=\(DOTWriter.quoted(label)); style=rounded; color=\"#999999\"; fontname=\"sans-serif\";")
    clusters += 1
  }

  private mutating func node(_ node: Node, _ graph: Graph, prefix: String, indent: String) {
    let id = "\(prefix)n\(node.id.index)"
    let title = node.name.map { "\(node.operationName)\n\($0)" } ?? node.operationName
    line("\(indent)\(id) [label=\(DOTWriter.quoted(title))];")
    for input in node.inputs {
      let type = DOTWriter.quoted(graph.type(input).description)
      line("\(indent)\(name(input, graph, prefix)) -> \(id) [label=\(type)];")
    }
    for (index, inner) in node.graphs.enumerated() {
      open("\(node.operationName): \(inner.name)", indent: indent)
      body(inner, prefix: "\(id)g\(index)", indent: indent + "  ")
      line("\(indent)}")
    }
  }

  private func name(_ value: ValueID, _ graph: Graph, _ prefix: String) -> String {
    switch graph.definition(value) {
    case .input(let index): "\(prefix)i\(index)"
    case .result(let id, _): "\(prefix)n\(id.index)"
    }
  }

  private static func color(_ role: Input.Role) -> String {
    switch role {
    case .data: "#cfe2f3"
    case .parameter: "#d9ead3"
    case .state: "#fff2cc"
    }
  }

  /// A text in quotes. A backslash would begin one of DOT's escapes, so each is doubled; ends of lines become `\n`.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar.value < 32 || scalar.value == 127 ? " " : scalar)
      }
    }
    return result + "\""
  }
}
