import JacquardCore

/// What a graph computes: its outputs and the new values of updated inputs, by name.
public struct GraphValues: Sendable {
  /// By the names of outputs.
  public var outputs: [String: HostTensor] = [:]
  /// By the names of the inputs that they replace.
  public var updates: [String: HostTensor] = [:]
}

/// Sees each node that the reference evaluates, with its operands and results: in a loop once a trip. What it throws ends the
/// evaluation.
public typealias NodeObserver = (_ graph: Graph, _ node: Node, _ operands: [HostTensor], _ results: [HostTensor]) throws
  -> Void

extension Graph {
  /// Computes outputs and updates node by node with the operations' reference values: the judge of every executor.
  ///
  /// - Parameters:
  ///   - inputs: a value for each input, by name. Symbols are bound by their shapes, else by their defaults.
  ///   - observer: sees every node, those of loops and branches too.
  /// - Throws: `Diagnostic` if an input is missing or does not fit, or an operation fails.
  public func evaluate(_ inputs: [String: HostTensor], observer: NodeObserver? = nil) throws -> GraphValues {
    // Symbols may stand in attributes alone.
    let bound = symbols.isEmpty ? self : try binding(bindings(for: inputs.mapValues(\.type)))
    var values = [HostTensor?](repeating: nil, count: bound.valueCount)
    for (input, value) in zip(bound.inputs, bound.inputValues) {
      guard let tensor = inputs[input.name] else { throw Diagnostic("input '\(input.name)' is missing") }
      guard tensor.type == input.type else {
        throw Diagnostic("input '\(input.name)' has type \(tensor.type); the graph wants \(input.type)")
      }
      values[value.index] = tensor
    }
    let needed = bound.reachable()
    for node in bound.nodes where needed.contains(node.id) {
      let operands = node.inputs.compactMap { values[$0.index] }
      let results = try bound.evaluate(node, operands, observer: observer)
      for (value, tensor) in zip(node.results, results) { values[value.index] = tensor }
    }
    var result = GraphValues()
    for output in bound.outputs { result.outputs[output.name] = values[output.value.index] }
    for update in bound.updates { result.updates[bound.inputs[update.input].name] = values[update.value.index] }
    return result
  }

  /// The reference values of a node's results.
  ///
  /// - Parameters:
  ///   - operands: one for each input of the node.
  ///   - observer: sees this node, and those of its sub-graphs before.
  /// - Throws: `Diagnostic` with the node and its line, if the operation fails or the observer throws one.
  public func evaluate(
    _ node: Node, _ operands: [HostTensor], observer: NodeObserver? = nil
  ) throws -> [HostTensor] {
    let types = node.results.map { type($0) }
    do {
      let results = try node.operation.reference(
        ReferenceContext(operands, outputs: types, graphs: node.graphs, observer: observer))
      try observer?(self, node, operands, results)
      return results
    } catch let error as Diagnostic {
      throw error.at(describe(node)).at(node.site)
    }
  }

  /// How a node is called in messages: its name, or its operation and number.
  public func describe(_ node: Node) -> String { node.name ?? "\(node.operationName) %\(node.id.index)" }

  /// The nodes that outputs and updates depend on.
  public func reachable() -> Set<NodeID> {
    var found: Set<NodeID> = []
    var stack = roots
    while let value = stack.popLast() {
      if case .result(let id, _) = definition(value), found.insert(id).inserted {
        stack.append(contentsOf: nodes[id.index].inputs)
      }
    }
    return found
  }
}
