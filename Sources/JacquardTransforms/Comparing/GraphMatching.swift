import JacquardCore
import JacquardIR

/// Which node of one graph is which of another.
///
/// Nodes of one name are the same, whatever they do now; then those that do the same with the same operands; then those of one
/// operation that stand at the same place before what was matched, and last those of any. Nearly linear in the size of the graphs.
struct GraphMatching {
  let old: Graph
  let new: Graph
  /// For each old node the new one, and the other way round.
  private(set) var newNodes: [NodeID?]
  private(set) var oldNodes: [NodeID?]
  /// For each new value the old one.
  private var oldValues: [ValueID?]

  init(_ old: Graph, _ new: Graph) {
    (self.old, self.new) = (old, new)
    newNodes = Array(repeating: nil, count: old.nodes.count)
    oldNodes = Array(repeating: nil, count: new.nodes.count)
    oldValues = Array(repeating: nil, count: new.valueCount)
    let inputs = Dictionary(zip(old.inputs.map(\.name), old.inputValues)) { first, _ in first }
    for (input, value) in zip(new.inputs, new.inputValues) { oldValues[value.index] = inputs[input.name] }
    matchNames()
    matchAll(places: false)
    // What is left at the same place became something else.
    matchAll(places: true)
  }

  /// Each round finds what the one before made possible.
  private mutating func matchAll(places: Bool) {
    var matched = -1
    while matched != count {
      matched = count
      matchStructure()
      matchPlaces(ofAnyOperation: places)
    }
  }

  /// Pairs of nodes.
  var count: Int { newNodes.count { $0 != nil } }

  /// What a value of the new graph is in the old one.
  func oldValue(_ value: ValueID) -> ValueID? { oldValues[value.index] }

  private mutating func pair(_ a: Node, _ b: Node) {
    newNodes[a.id.index] = b.id
    oldNodes[b.id.index] = a.id
    for (x, y) in zip(a.results, b.results) { oldValues[y.index] = x }
  }

  // MARK: Rules

  private mutating func matchNames() {
    func named(_ graph: Graph) -> [String: Node?] {
      let pairs = graph.nodes.compactMap { node in node.name.map { ($0, Optional(node)) } }
      // A name that stands twice names nothing.
      return Dictionary(pairs) { _, _ in nil }
    }
    let names = named(new)
    for (name, node) in named(old) {
      if let node, let other = names[name] ?? nil { pair(node, other) }
    }
  }

  private mutating func matchStructure() {
    var known: [NodeShape: NodeID] = [:]
    for node in old.nodes where newNodes[node.id.index] == nil {
      if let shape = NodeShape(node, node.inputs) { known[shape] = node.id }
    }
    for node in new.nodes where oldNodes[node.id.index] == nil {
      let operands = node.inputs.compactMap { oldValues[$0.index] }
      guard operands.count == node.inputs.count, let shape = NodeShape(node, operands),
        let other = known.removeValue(forKey: shape)
      else { continue }
      pair(old.nodes[other.index], node)
    }
  }

  /// From outputs and updates backwards.
  private mutating func matchPlaces(ofAnyOperation isAny: Bool) {
    for output in new.outputs {
      if let other = old.output(named: output.name) { match(other.value, output.value, isAny) }
    }
    let updates = Dictionary(old.updates.map { (old.inputs[$0.input].name, $0.value) }) { first, _ in first }
    for update in new.updates {
      if let value = updates[new.inputs[update.input].name] { match(value, update.value, isAny) }
    }
    for node in new.nodes.reversed() {
      guard let other = oldNodes[node.id.index] else { continue }
      for (x, y) in zip(old.nodes[other.index].inputs, node.inputs) { match(x, y, isAny) }
    }
  }

  private mutating func match(_ x: ValueID, _ y: ValueID, _ isAny: Bool) {
    guard case .result(let a, let i) = old.definition(x), case .result(let b, let k) = new.definition(y), i == k,
      newNodes[a.index] == nil, oldNodes[b.index] == nil,
      isAny || old.nodes[a.index].operationName == new.nodes[b.index].operationName
    else { return }
    pair(old.nodes[a.index], new.nodes[b.index])
  }
}

/// What a node does with which values of the old graph.
private struct NodeShape: Hashable {
  let operation: String
  let attributes: [AttributeField]
  let inputs: [ValueID]
  let graphs: [GraphStructure]

  /// - Returns: nil for attributes that cannot be written, which equal nothing.
  init?(_ node: Node, _ inputs: [ValueID]) {
    guard let attributes = try? node.operation.attributes() else { return nil }
    operation = node.operationName
    self.attributes = attributes
    self.inputs = inputs
    graphs = node.graphs.map(GraphStructure.init)
  }
}
