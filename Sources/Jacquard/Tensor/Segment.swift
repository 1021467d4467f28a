import JacquardCore
import JacquardIR

/// The nodes from a moment on that values need, as a graph of their own.
struct Segment {
  let graph: Graph
  /// What the nodes use from outside, in the order of the graph's inputs.
  let operands: [ValueID]

  /// - Parameter leading: values from outside that become the first inputs, used or not.
  init(_ source: Graph, from first: Int, to values: [ValueID], leading: [ValueID] = []) throws {
    let (nodes, found) = Segment.reach(source, from: first, to: values)
    operands = leading + found.filter { !leading.contains($0) }
    let builder = GraphBuilder(name: "segment", symbols: source.symbols)
    var map: [ValueID: ValueID] = [:]
    for (index, operand) in operands.enumerated() {
      map[operand] = try builder.input("x\(index)", source.type(operand))
    }
    for node in nodes {
      builder.origins = node.origins
      let results = try builder.append(node.operation, node.inputs.compactMap { map[$0] }, graphs: node.graphs)
      for (old, new) in zip(node.results, results) { map[old] = new }
    }
    for (index, value) in values.enumerated() {
      if let output = map[value] { try builder.output("y\(index)", output) }
    }
    graph = builder.graph
  }

  /// The segment's nodes in order, and the values before it or inputs that they use.
  private static func reach(_ graph: Graph, from first: Int, to values: [ValueID]) -> ([Node], [ValueID]) {
    var nodes: Set<NodeID> = []
    var operands: Set<ValueID> = []
    var stack = values
    while let next = stack.popLast() {
      guard let node = graph.producer(next), node.id.index >= first else {
        operands.insert(next)
        continue
      }
      if nodes.insert(node.id).inserted { stack.append(contentsOf: node.inputs) }
    }
    return (nodes.sorted().map { graph.nodes[$0.index] }, operands.sorted())
  }
}
