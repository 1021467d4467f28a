import JacquardCore

extension Graph {
  /// The graph without the nodes that neither outputs nor updates need.
  ///
  /// - Parameter names: further origins of a node that carry names; they go first. Names stay unique: the first wins.
  /// - Returns: the graph, and the new number of each node that is kept (by its old number). Linear in the graph's size.
  public func compacted(names: [NodeID: [Origin]] = [:]) -> (graph: Graph, kept: [NodeID?]) {
    var compaction = Compaction(self)
    let live = liveNodes()
    for node in nodes where live[node.id.index] {
      compaction.keep(node, origins: (names[node.id] ?? []) + node.origins, types: node.results.map { type($0) })
    }
    compaction.setRoots(of: self)
    return (compaction.graph, compaction.kept)
  }

  /// For each node, whether outputs or updates depend on it.
  public func liveNodes() -> [Bool] { liveNodes(for: roots) }

  /// For each node, whether one of these values depends on it.
  public func liveNodes(for values: [ValueID]) -> [Bool] {
    var live = [Bool](repeating: false, count: nodes.count)
    var stack = values
    while let value = stack.popLast() {
      if case .result(let id, _) = definition(value), !live[id.index] {
        live[id.index] = true
        stack.append(contentsOf: nodes[id.index].inputs)
      }
    }
    return live
  }
}

/// Collects the nodes that are kept, with new numbers.
private struct Compaction {
  var graph: Graph
  var kept: [NodeID?]
  private var values: [ValueID]
  private var taken: Set<String>

  init(_ source: Graph) {
    graph = Graph(name: source.name)
    graph.symbols = source.symbols
    graph.inputs = source.inputs
    kept = [NodeID?](repeating: nil, count: source.nodes.count)
    values = [ValueID](repeating: ValueID(0), count: source.valueCount)
    taken = Set(source.inputs.map(\.name))
    for (index, value) in source.inputValues.enumerated() {
      values[value.index] = define(source.type(value), .input(index))
      graph.inputValues.append(values[value.index])
    }
  }

  private mutating func define(_ type: TensorType, _ definition: ValueDefinition) -> ValueID {
    graph.types.append(type)
    graph.definitions.append(definition)
    return ValueID(graph.types.count - 1)
  }

  mutating func keep(_ node: Node, origins: [Origin], types: [TensorType]) {
    let id = NodeID(graph.nodes.count)
    kept[node.id.index] = id
    var results: [ValueID] = []
    for (k, type) in types.enumerated() {
      let value = define(type, .result(id, k))
      values[node.results[k].index] = value
      results.append(value)
    }
    graph.nodes.append(
      Node(
        id: id, operation: node.operation, inputs: node.inputs.map { values[$0.index] }, graphs: node.graphs,
        results: results, origins: unique(origins)))
  }

  /// Origins without repetitions and without names that another node has.
  private mutating func unique(_ origins: [Origin]) -> [Origin] {
    var result: [Origin] = []
    for var origin in origins {
      if let name = origin.name, !taken.insert(name).inserted { origin.name = nil }
      let covered = result.contains { $0.scope == origin.scope && $0.site == origin.site }
      if origin.name != nil || !covered { result.append(origin) }
    }
    return result
  }

  mutating func setRoots(of source: Graph) {
    graph.outputs = source.outputs.map { Graph.Output(name: $0.name, value: values[$0.value.index]) }
    graph.updates = source.updates.map { Graph.Update(input: $0.input, value: values[$0.value.index]) }
  }
}
