import JacquardCore

/// Finds a node by what it computes, without storing that a second time.
struct NodeTable {
  /// The newest node with a hash.
  private var newest: [Int: NodeID] = [:]
  /// For each node, the one before it with the same hash.
  private var older: [NodeID?] = []

  static func hash(_ operation: any Operation, _ inputs: [ValueID], _ graphs: [Graph]) -> Int {
    var hasher = Hasher()
    hasher.combine(ObjectIdentifier(type(of: operation)))
    operation.hash(into: &hasher)
    hasher.combine(inputs)
    for graph in graphs { hasher.combine(GraphStructure(graph)) }
    return hasher.finalize()
  }

  /// The node with this operation, inputs and sub-graphs, whose hash is given.
  func find(
    _ hash: Int, _ operation: any Operation, _ inputs: [ValueID], _ graphs: [Graph], in nodes: [Node]
  ) -> NodeID? {
    var candidate = newest[hash]
    while let id = candidate {
      let node = nodes[id.index]
      let same = node.inputs == inputs && type(of: node.operation) == type(of: operation)
      if same, node.operation.isEqual(operation), NodeTable.areSame(node.graphs, graphs) { return id }
      candidate = older[id.index]
    }
    return nil
  }

  /// Names apart.
  private static func areSame(_ a: [Graph], _ b: [Graph]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { GraphStructure($0) == GraphStructure($1) }
  }

  /// Adds the next node.
  mutating func append(_ hash: Int) {
    let id = NodeID(older.count)
    older.append(newest.updateValue(id, forKey: hash))
  }
}
