import JacquardCore

extension Graph: Equatable {
  /// Whether files of both graphs are the same: names, symbols, inputs with their hints, nodes with name, scope and site,
  /// sub-graphs, outputs and updates. Further origins of a node and the numbers of values, which files do not hold, are not
  /// compared.
  public static func == (a: Graph, b: Graph) -> Bool {
    func same(_ x: [ValueID], _ y: [ValueID]) -> Bool { x.map { a.definition($0) } == y.map { b.definition($0) } }
    return a.name == b.name && a.symbols == b.symbols && a.inputs == b.inputs
      && a.outputs.map(\.name) == b.outputs.map(\.name) && a.updates.map(\.input) == b.updates.map(\.input)
      && same(a.roots, b.roots) && a.nodes.count == b.nodes.count
      && zip(a.nodes, b.nodes).allSatisfy { $0.isSame(as: $1) && same($0.inputs, $1.inputs) }
      && zip(a.nodes, b.nodes).allSatisfy { $0.results.map { a.type($0) } == $1.results.map { b.type($0) } }
  }
}

extension Node {
  /// But for its operands and results.
  fileprivate func isSame(as other: Node) -> Bool {
    operation.isEqual(other.operation) && name == other.name && scope == other.scope && site == other.site
      && graphs == other.graphs
  }
}
