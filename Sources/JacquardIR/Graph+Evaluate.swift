import JacquardCore

/// What a graph computes: its outputs and the new values of updated inputs, by name.
public struct GraphValues: Sendable {
  /// By the names of outputs.
  public var outputs: [String: HostTensor] = [:]
  /// By the names of the inputs that they replace.
  public var updates: [String: HostTensor] = [:]
}

extension Graph {
  /// Computes outputs and updates node by node with the operations' reference values: the judge of every executor.
  ///
  /// - Parameter inputs: a value for each input, by name. Symbols are bound by their shapes, else by their defaults.
  /// - Throws: `Diagnostic` if an input is missing or does not fit, or an operation fails.
  public func evaluate(_ inputs: [String: HostTensor]) throws -> GraphValues {
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
      let types = node.results.map { bound.type($0) }
      do {
        let results = try node.operation.reference(
          ReferenceContext(operands, outputs: types, graphs: node.graphs))
        for (value, tensor) in zip(node.results, results) { values[value.index] = tensor }
      } catch let error as Diagnostic {
        throw error.at(bound.describe(node)).at(node.site)
      }
    }
    var result = GraphValues()
    for output in bound.outputs { result.outputs[output.name] = values[output.value.index] }
    for update in bound.updates { result.updates[bound.inputs[update.input].name] = values[update.value.index] }
    return result
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
