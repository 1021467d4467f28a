import JacquardCore
import JacquardIR

/// Compares the parts of two graphs whose nodes are matched.
struct GraphComparison {
  typealias Change = GraphDifference.Change

  struct Finding {
    var kind: GraphDifference.Kind
    var name: String
    var text = ""
    var changes: [Change] = []
  }

  private let matching: GraphMatching
  private var old: Graph { matching.old }
  private var new: Graph { matching.new }

  init(_ matching: GraphMatching) { self.matching = matching }

  /// Compares two lists whose elements have names.
  private func compare<T>(
    _ old: [T], _ new: [T], name: (T, Graph) -> String, text: (T, Graph) -> String, changes: (T, T) -> [Change]
  ) -> [Finding] {
    let known = Dictionary(old.map { (name($0, self.old), $0) }) { first, _ in first }
    let kept = Set(new.map { name($0, self.new) })
    let found = new.compactMap { element -> Finding? in
      let label = name(element, self.new)
      guard let other = known[label] else {
        return Finding(kind: .added, name: label, text: text(element, self.new))
      }
      let changes = changes(other, element)
      return changes.isEmpty ? nil : Finding(kind: .changed, name: label, changes: changes)
    }
    let removed = old.filter { !kept.contains(name($0, self.old)) }
    return found + removed.map { Finding(kind: .removed, name: name($0, self.old), text: text($0, self.old)) }
  }

  private func changes(_ pairs: [(aspect: String, old: String, new: String)]) -> [Change] {
    pairs.filter { $0.old != $0.new }.map { Change(aspect: $0.aspect, old: $0.old, new: $0.new) }
  }

  // MARK: Parts

  func symbols() -> [Finding] {
    func size(_ symbol: Graph.Symbol) -> String { symbol.defaultSize.map { "\($0)" } ?? "" }
    return compare(old.symbols, new.symbols) { symbol, _ in
      symbol.name
    } text: { symbol, _ in
      size(symbol)
    } changes: { a, b in
      changes([("default", size(a), size(b))])
    }
  }

  func inputs() -> [Finding] {
    func coded(_ value: (some Encodable)?) -> String {
      value.flatMap { try? JSONCoding.encode($0).text() } ?? ""
    }
    return compare(old.inputs, new.inputs) { input, _ in
      input.name
    } text: { input, _ in
      "\(input.role.rawValue) \(input.type)"
    } changes: { a, b in
      changes([
        ("type", "\(a.type)", "\(b.type)"), ("role", a.role.rawValue, b.role.rawValue),
        ("init", coded(a.initializer), coded(b.initializer)), ("sample", coded(a.sample), coded(b.sample)),
        ("feed", coded(a.feed), coded(b.feed)),
      ])
    }
  }

  func outputs() -> [Finding] {
    compare(old.outputs, new.outputs) { output, _ in
      output.name
    } text: { output, graph in
      "\(graph.type(output.value))"
    } changes: { a, b in
      changes([("type", "\(old.type(a.value))", "\(new.type(b.value))")]) + value(a.value, b.value, "value")
    }
  }

  func updates() -> [Finding] {
    compare(old.updates, new.updates) { update, graph in
      graph.inputs[update.input].name
    } text: { update, graph in
      "\(graph.type(update.value))"
    } changes: { a, b in
      value(a.value, b.value, "value")
    }
  }

  func nodes() -> [Finding] {
    let found = new.nodes.compactMap { node -> Finding? in
      guard let other = matching.oldNodes[node.id.index] else {
        return Finding(kind: .added, name: GraphFormat.label(node), text: text(node, new))
      }
      let changes = changes(old.nodes[other.index], node)
      return changes.isEmpty ? nil : Finding(kind: .changed, name: GraphFormat.label(node), changes: changes)
    }
    let removed = old.nodes.filter { matching.newNodes[$0.id.index] == nil }
    return found + removed.map { Finding(kind: .removed, name: GraphFormat.label($0), text: text($0, old)) }
  }

  /// Sub-graphs at the same place of matched nodes that differ, each with its name.
  func subGraphs() -> [(name: String, old: Graph, new: Graph)] {
    new.nodes.flatMap { node -> [(name: String, old: Graph, new: Graph)] in
      guard let other = matching.oldNodes[node.id.index] else { return [] }
      return zip(old.nodes[other.index].graphs, node.graphs).enumerated().compactMap { number, pair in
        GraphStructure(pair.0) == GraphStructure(pair.1)
          ? nil : (name: "\(GraphFormat.label(node))/\(number)", old: pair.0, new: pair.1)
      }
    }
  }

  // MARK: Nodes

  private func text(_ node: Node, _ graph: Graph) -> String {
    "\(node.operationName) \(types(node, graph)) of (\(node.inputs.map { GraphFormat.label($0, in: graph) }.joined(separator: ", ")))"
  }

  private func types(_ node: Node, _ graph: Graph) -> String {
    node.results.map { "\(graph.type($0))" }.joined(separator: ", ")
  }

  private func changes(_ a: Node, _ b: Node) -> [Change] {
    var found = changes([("operation", a.operationName, b.operationName)])
    found += attributes(a, b)
    found += changes([
      ("type", types(a, old), types(b, new)), ("sub-graphs", "\(a.graphs.count)", "\(b.graphs.count)"),
    ])
    for index in 0..<max(a.inputs.count, b.inputs.count) {
      let (x, y) = (a.inputs.dropFirst(index).first, b.inputs.dropFirst(index).first)
      found += value(x, y, "input \(index)")
    }
    return found
  }

  private func attributes(_ a: Node, _ b: Node) -> [Change] {
    guard let x = try? a.operation.attributes(), let y = try? b.operation.attributes(), x != y else { return [] }
    let keys = x.map(\.key) + y.map(\.key).filter { key in !x.contains { $0.key == key } }
    return keys.compactMap { key in
      let (p, q) = (x.first { $0.key == key }?.value, y.first { $0.key == key }?.value)
      return p == q ? nil : Change(aspect: "attribute \(key)", old: p?.shortText ?? "", new: q?.shortText ?? "")
    }
  }

  private func value(_ x: ValueID?, _ y: ValueID?, _ aspect: String) -> [Change] {
    if let x, let y, matching.oldValue(y) == x { return [] }
    if x == nil && y == nil { return [] }
    return [
      Change(
        aspect: aspect, old: x.map { GraphFormat.label($0, in: old) } ?? "",
        new: y.map { GraphFormat.label($0, in: new) } ?? "")
    ]
  }
}
