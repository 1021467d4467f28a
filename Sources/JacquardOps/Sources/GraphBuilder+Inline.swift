import JacquardCore
import JacquardIR

extension GraphBuilder {
  /// Appends the nodes of another graph with its inputs replaced by values of this one, and gives its outputs in order.
  ///
  /// Nodes keep their source lines; names belong to the inner graph and are left behind. The types of the values must be
  /// those of the inputs.
  /// - Throws: `Diagnostic` if the number of values differs or a type rule fails.
  public func inline(_ graph: Graph, _ inputs: [ValueID]) throws -> [ValueID] {
    if inputs.count != graph.inputs.count {
      throw Diagnostic("graph '\(graph.name)' takes \(graph.inputs.count) inputs, not \(inputs.count)")
    }
    let outer = origins
    defer { origins = outer }
    var map = Dictionary(uniqueKeysWithValues: zip(graph.inputValues, inputs))
    let needed = graph.reachable()
    for node in graph.nodes where needed.contains(node.id) {
      origins = inlinedOrigins(node, outer)
      let results = try append(node.operation, node.inputs.compactMap { map[$0] }, graphs: node.graphs)
      for (old, new) in zip(node.results, results) { map[old] = new }
    }
    return graph.outputs.compactMap { map[$0.value] }
  }

  /// The inner node's own lines in the outer scope, or the origin of the call where it has none.
  private func inlinedOrigins(_ node: Node, _ outer: [Origin]) -> [Origin] {
    let scope = outer.first?.scope ?? ""
    let own = node.origins.filter { $0.site != nil }
    if own.isEmpty { return outer.map { Origin(scope: $0.scope, site: $0.site) } }
    return own.map { Origin(scope: scope, site: $0.site) }
  }
}
