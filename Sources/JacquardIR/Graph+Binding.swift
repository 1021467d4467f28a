import JacquardCore

extension Graph {
  /// Sizes of the symbols that follow from given input types, for symbols that stand alone as a dimension; the others from their defaults.
  ///
  /// - Throws: `Diagnostic` if two inputs ask for different sizes of one symbol.
  public func bindings(for types: [String: TensorType]) throws -> [String: Int] {
    var found: [String: (size: Int, input: String)] = [:]
    for input in inputs {
      guard let given = types[input.name] else { continue }
      try unify(input, given, &found)
    }
    var result = found.mapValues(\.size)
    for symbol in symbols where result[symbol.name] == nil { result[symbol.name] = symbol.defaultSize }
    return result
  }

  private func unify(
    _ input: Input, _ given: TensorType, _ found: inout [String: (size: Int, input: String)]
  ) throws {
    guard given.shape.rank == input.type.shape.rank, given.dtype == input.type.dtype else {
      throw Diagnostic("input '\(input.name)' has type \(given); the graph wants \(input.type)")
    }
    for (wanted, dim) in zip(input.type.shape.dims, given.shape.dims) {
      guard wanted.terms.count == 1, wanted.constant == 0, wanted.terms[0].coefficient == 1,
        wanted.terms[0].symbols.count == 1, let size = dim.value
      else { continue }
      let name = wanted.terms[0].symbols[0]
      if let other = found[name], other.size != size {
        throw Diagnostic(
          "symbol \(name) is \(other.size) in input '\(other.input)' and \(size) in input '\(input.name)'")
      }
      found[name] = (size, input.name)
    }
  }

  /// The graph with symbols replaced by sizes, every type inferred anew. Symbols without a size keep their name.
  ///
  /// - Throws: `Diagnostic` if a size is under 1 or a type rule fails for it.
  public func binding(_ bindings: [String: Int]) throws -> Graph {
    for (name, size) in bindings where size < 1 { throw Diagnostic("symbol \(name) must be at least 1, not \(size)") }
    let left = symbols.filter { bindings[$0.name] == nil }
    let builder = GraphBuilder(name: name, symbols: left)
    return try rebuilding(into: builder) { node, inputs in
      let operation = try node.operation.bound(bindings)
      let graphs = try node.graphs.map { try $0.binding(bindings) }
      return try builder.append(operation, inputs, graphs: graphs)
    } input: { input in
      var input = input
      input.type = try input.type.bound(bindings)
      return input
    }
  }

  /// Copies a graph node by node: the common walk of binding and of passes.
  ///
  /// - Parameters:
  ///   - transform: gives the new results of a node whose inputs are already mapped. The builder's origins are set to the node's.
  ///   - input: may change an input.
  /// - Throws: What the closures throw, and `Diagnostic` of the builder.
  public func rebuilding(
    into builder: GraphBuilder, _ transform: (Node, [ValueID]) throws -> [ValueID],
    input: (Input) throws -> Input = { $0 }
  ) throws -> Graph {
    var map = [ValueID?](repeating: nil, count: valueCount)
    for (old, value) in zip(inputs, inputValues) { map[value.index] = try builder.input(try input(old)) }
    let needed = reachable()
    for node in nodes where needed.contains(node.id) {
      builder.origins = node.origins
      let results = try transform(node, node.inputs.compactMap { map[$0.index] })
      for (old, new) in zip(node.results, results) { map[old.index] = new }
    }
    for output in outputs { if let value = map[output.value.index] { try builder.output(output.name, value) } }
    for update in updates {
      if let value = map[update.value.index] { try builder.update(inputs[update.input].name, value) }
    }
    return builder.graph
  }
}
