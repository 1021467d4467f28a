import JacquardCore
import JacquardIR
import JacquardOps

extension GraphBuilder {
  /// Maps a graph over a batch: appends the nodes that compute its outputs for all elements at once.
  ///
  /// What does not depend on a batched operand is computed once for all elements; random draws are such, unless their key is
  /// batched.
  /// - Parameters:
  ///   - operands: a value for each input of the graph. A batched one has the input's type with a first axis of `size`.
  ///   - size: the number of elements in the batch.
  /// - Returns: the outputs in order.
  /// - Throws: `Diagnostic` if an operand does not fit, or an operation cannot be batched (naming it and its source line).
  public func vmap(_ graph: Graph, _ operands: [Batched], size: Dim) throws -> [Batched] {
    if operands.count != graph.inputs.count {
      throw Diagnostic("vmap: graph '\(graph.name)' takes \(graph.inputs.count) inputs, not \(operands.count)")
    }
    for (input, operand) in zip(graph.inputs, operands) {
      let wanted = input.type.batched(operand.isBatched, size)
      if type(operand.value) != wanted {
        throw Diagnostic("vmap: input '\(input.name)' has type \(wanted), not \(type(operand.value))")
      }
    }
    return try vmap(graph, operands, size: size, wanted: graph.outputs.map(\.value))
  }

  /// As above, for any values of the graph.
  ///
  /// - Parameter arguments: nil for an input that the wanted values must not depend on.
  func vmap(_ graph: Graph, _ arguments: [Batched?], size: Dim, wanted: [ValueID]) throws -> [Batched] {
    let before = origins
    defer { origins = before }
    var map = [Batched?](repeating: nil, count: graph.valueCount)
    for (value, argument) in zip(graph.inputValues, arguments) { map[value.index] = argument }
    let needed = graph.ancestors(of: wanted)
    for node in graph.nodes where needed[node.id.index] {
      let inputs = node.inputs.compactMap { map[$0.index] }
      guard inputs.count == node.inputs.count else {
        throw Diagnostic("\(graph.describe(node)) depends on an input without a value", kind: .internalError)
      }
      origins = node.origins.map { Origin(scope: $0.scope, site: $0.site) }
      let types = node.results.map { graph.type($0) }
      for (old, new) in zip(node.results, try mapped(graph, node, inputs, size, types)) { map[old.index] = new }
    }
    return wanted.compactMap { map[$0.index] }
  }

  /// The results of one node for all elements.
  private func mapped(
    _ graph: Graph, _ node: Node, _ inputs: [Batched], _ size: Dim, _ types: [TensorType]
  ) throws -> [Batched] {
    guard inputs.contains(where: \.isBatched) else {
      return try append(node.operation, inputs.map(\.value), graphs: node.graphs).map { Batched($0, isBatched: false) }
    }
    do {
      let results = try rule(node, inputs, size, node.inputs.map { graph.type($0) })
      guard results.map({ type($0.value) }) == zip(types, results).map({ $0.batched($1.isBatched, size) }) else {
        throw Diagnostic("\(node.operationName): its batching rule gives wrong types", kind: .internalError)
      }
      return results
    } catch let error as Diagnostic {
      throw error.at(graph.describe(node)).at(node.site)
    }
  }

  private func rule(_ node: Node, _ inputs: [Batched], _ size: Dim, _ types: [TensorType]) throws -> [Batched] {
    if let operation = node.operation as? any BatchableOperation {
      let context = BatchingContext(builder: self, inputs: inputs, size: size, graphs: node.graphs) {
        try $0.vmap($1, $2, size: $3)
      }
      return try operation.batch(context)
    }
    guard let composite = node.operation as? any CompositeOperation else {
      throw Diagnostic("vmap: \(node.operationName) has no batching rule")
    }
    let parts = try Decomposition(composite, node, types: types)
    return try vmap(parts.builder.graph, inputs, size: size, wanted: parts.results)
  }
}

extension TensorType {
  /// The type with a batch as its first axis, if it is batched.
  func batched(_ isBatched: Bool, _ size: Dim) -> TensorType {
    isBatched ? TensorType(dtype, Shape([size] + shape.dims)) : self
  }
}
