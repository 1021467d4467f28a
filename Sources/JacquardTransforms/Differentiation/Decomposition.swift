import JacquardCore
import JacquardIR
import JacquardOps

/// A composite written out in a builder of its own, so that working on it costs its own size, not the whole graph's.
struct Decomposition {
  let builder: GraphBuilder
  let inputs: [ValueID]
  let results: [ValueID]
  private let node: Node

  /// Nodes inherit the composite's origins, without its names.
  init(_ composite: any CompositeOperation, _ node: Node, types: [TensorType]) throws {
    let builder = GraphBuilder(name: node.operationName)
    var inputs: [ValueID] = []
    for (index, type) in types.enumerated() { inputs.append(try builder.input("x\(index)", type)) }
    builder.origins = node.origins.map { Origin(scope: $0.scope, site: $0.site) }
    results = try composite.decompose(builder, inputs, graphs: node.graphs)
    self.builder = builder
    self.inputs = inputs
    self.node = node
  }

  /// Differentiates the decomposition, and writes forward and backward nodes into the context's builder.
  func gradient(_ context: GradientContext) throws -> [Cotangent] {
    var outputs: [ValueID] = []
    var seeds: [ValueID] = []
    var arguments: [ValueID?] = context.inputs
    for (index, cotangent) in context.cotangents.enumerated() {
      guard let cotangent else { continue }
      seeds.append(try builder.input("g\(index)", context.type(cotangent)))
      outputs.append(results[index])
      arguments.append(cotangent)
    }
    let wanted = inputs.indices.filter { context.needed[$0] }.map { inputs[$0] }
    var sweep = try ReverseSweep(builder, withRespectTo: wanted)
    let found = try sweep.run(outputs: outputs, cotangents: seeds, withRespectTo: wanted)
    let values = try context.builder.inline(builder.graph, arguments, wanted: found.compactMap { $0 })
    return assemble(context, found, values)
  }

  private func assemble(_ context: GradientContext, _ found: [ValueID?], _ values: [ValueID]) -> [Cotangent] {
    var answers = [Cotangent](repeating: .zero, count: inputs.count)
    var (position, next) = (0, 0)
    for index in inputs.indices where context.needed[index] {
      if found[position] != nil {
        answers[index] = .value(values[next])
        next += 1
      }
      position += 1
    }
    return answers
  }
}

extension GraphBuilder {
  /// Copies the nodes that some values of another graph need, with their origins but without their names.
  ///
  /// - Parameters:
  ///   - arguments: a value for each input of the graph; nil for one that the wanted values must not depend on.
  ///   - wanted: values of `graph`.
  ///   - known: values of `graph` that have values here: what only they need is not copied.
  /// - Returns: the values here that are the wanted ones there.
  func inline(
    _ graph: Graph, _ arguments: [ValueID?], wanted: [ValueID], known: [ValueID: ValueID] = [:]
  ) throws -> [ValueID] {
    let before = origins
    defer { origins = before }
    var map = [ValueID?](repeating: nil, count: graph.valueCount)
    for (value, argument) in zip(graph.inputValues, arguments) { map[value.index] = argument }
    for (value, here) in known { map[value.index] = here }
    let needed = graph.ancestors(of: wanted, leaves: Set(known.keys))
    for node in graph.nodes where needed[node.id.index] {
      let inputs = node.inputs.compactMap { map[$0.index] }
      guard inputs.count == node.inputs.count else {
        throw Diagnostic("\(graph.describe(node)) depends on an input without a value", kind: .internalError)
      }
      origins = node.origins.map { Origin(scope: $0.scope, site: $0.site) }
      for (old, new) in zip(node.results, try append(node.operation, inputs, graphs: node.graphs))
      where known[old] == nil {
        map[old.index] = new
      }
    }
    let results = wanted.compactMap { map[$0.index] }
    guard results.count == wanted.count else {
      throw Diagnostic("'\(graph.name)' gives an input that has no value", kind: .internalError)
    }
    return results
  }
}

extension Graph {
  /// For each node, whether one of the values depends on it; nodes behind `leaves` are not followed.
  func ancestors(of values: [ValueID], leaves: Set<ValueID> = []) -> [Bool] {
    var found = [Bool](repeating: false, count: nodes.count)
    var stack = values
    while let value = stack.popLast() {
      if leaves.contains(value) { continue }
      if case .result(let id, _) = definition(value), !found[id.index] {
        found[id.index] = true
        stack.append(contentsOf: nodes[id.index].inputs)
      }
    }
    return found
  }
}
