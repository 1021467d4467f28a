import JacquardCore
import JacquardIR
import JacquardOps
import JacquardTransforms

/// Computes a part of a model whose intermediate values are not kept for the backward pass but computed again there.
///
/// The value is that of `body(x)`. In the gradient the body runs a second time on its inputs behind a barrier, so that no
/// pass merges the two.
///
/// - Parameter body: May use layers, parameters and tensors from outside.
public func checkpoint<S: TensorFloat>(
  _ x: Tensor<S>, file: String = #fileID, line: Int = #line, _ body: (Tensor<S>) -> Tensor<S>
) -> Tensor<S> {
  let first = x.context.builder.graph.nodes.count
  let value = body(x)
  return value.unary(SourceSite(file: file, line: line)) { builder, result in
    let segment = try Segment(builder.graph, from: first, to: result)
    let id = x.context.nextBarrier()
    return try builder.customGradient(segment.operands) { inner, operands in
      try inner.inline(segment.graph, operands)
    } backward: { inner, operands, _, cotangents in
      let held = try inner.barrier(operands + cotangents, id: id)
      let again = Array(held.prefix(operands.count))
      let outputs = try inner.inline(segment.graph, again)
      let floats = again.filter { inner.type($0).dtype.isFloat }
      return try inner.vjp(outputs, cotangents: Array(held.dropFirst(operands.count)), withRespectTo: floats)
    }[0]
  }
}

extension GraphContext {
  /// A number of its own for each barrier.
  func nextBarrier() -> Int {
    barrierNumber += 1
    return barrierNumber
  }
}

/// The nodes from a moment on that a value needs, as a graph of their own.
private struct Segment {
  let graph: Graph
  /// What the nodes use from outside, in the order of the graph's inputs.
  let operands: [ValueID]

  init(_ source: Graph, from first: Int, to value: ValueID) throws {
    let (nodes, operands) = Segment.reach(source, from: first, to: value)
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
    if let output = map[value] { try builder.output("y", output) }
    graph = builder.graph
    self.operands = operands
  }

  /// The segment's nodes in order, and the values before it or inputs that they use.
  private static func reach(_ graph: Graph, from first: Int, to value: ValueID) -> ([Node], [ValueID]) {
    var nodes: Set<NodeID> = []
    var operands: Set<ValueID> = []
    var stack = [value]
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
