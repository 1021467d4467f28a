import JacquardCore
import JacquardIR
import JacquardKernels

extension Operation {
  /// Checks that a sub-graph has no updates, and the types of its inputs.
  func requireInputs(
    _ graph: Graph, _ types: [TensorType], _ constraint: Int, _ what: String
  ) throws(Diagnostic) {
    if !graph.updates.isEmpty { throw violated(constraint, "\(what) has updates") }
    try requireTypes(graph.inputs.map(\.type), types, constraint, "\(what)'s inputs")
  }

  func requireTypes(
    _ have: [TensorType], _ want: [TensorType], _ constraint: Int, _ what: String
  ) throws(Diagnostic) {
    func list(_ types: [TensorType]) -> String { types.map(\.description).joined(separator: ", ") }
    if have != want { throw violated(constraint, "\(what) have types (\(list(have))), not (\(list(want)))") }
  }
}

extension Graph {
  var outputTypes: [TensorType] { outputs.map { type($0.value) } }

  /// The outputs in order, for inputs in order.
  func outputs(of inputs: [HostTensor], _ observer: NodeObserver?) throws -> [HostTensor] {
    let named = zip(self.inputs, inputs).map { ($0.name, $1) }
    let values = try evaluate(Dictionary(uniqueKeysWithValues: named), observer: observer).outputs
    return outputs.compactMap { values[$0.name] }
  }

  /// The graph as a step that a control kernel repeats: its first inputs are carried, and become the first outputs; further
  /// outputs become updates of inputs of their own, which nothing reads.
  func step(carried: Int) throws -> Graph {
    let builder = GraphBuilder(name: name)
    var operands: [ValueID] = []
    for (index, input) in inputs.enumerated() {
      let role: Input.Role = index < carried ? .state : .data
      operands.append(try builder.input(Input(name: "x\(index)", type: input.type, role: role)))
    }
    for (index, value) in try builder.inline(self, operands).enumerated() {
      let name = index < carried ? "x\(index)" : "y\(index)"
      if index >= carried { try builder.input(Input(name: name, type: builder.type(value), role: .state)) }
      try builder.update(name, value)
    }
    return builder.graph
  }

  /// The graph with further outputs.
  func adding(outputs values: [ValueID]) throws -> Graph {
    let builder = GraphBuilder(extending: self)
    var number = outputs.count
    for value in values {
      while output(named: "y\(number)") != nil { number += 1 }
      try builder.output("y\(number)", value)
      number += 1
    }
    return builder.graph
  }
}

extension Graph {
  /// The inputs that outputs depend on, by position.
  func usedInputs() -> Set<Int> {
    let live = liveNodes()
    var used = Set(roots)
    for node in nodes where live[node.id.index] { used.formUnion(node.inputs) }
    return Set(inputs.indices.filter { used.contains(inputValues[$0]) })
  }

  /// The graph with these inputs only, in this order. No output may depend on another one.
  func selecting(inputs order: [Int]) throws -> Graph {
    let builder = GraphBuilder(name: name, symbols: symbols)
    var operands = [ValueID](repeating: ValueID(0), count: inputs.count)
    for index in order { operands[index] = try builder.input(inputs[index]) }
    let results = try builder.inline(self, operands)
    for (output, value) in zip(outputs, results) { try builder.output(output.name, value) }
    return builder.graph
  }
}

extension GraphBuilder {
  /// Builds results from inputs.
  public typealias Body = (GraphBuilder, [ValueID]) throws -> [ValueID]

  /// A graph made by a closure from inputs of given types; named `x0`, `x1`, ... and `y0`, `y1`, ...
  func subGraph(_ name: String, _ types: [TensorType], _ body: Body) throws -> Graph {
    let inner = GraphBuilder(name: name, symbols: graph.symbols)
    inner.origins = origins.map { Origin(scope: $0.scope, site: $0.site) }
    let inputs = try types.enumerated().map { try inner.input("x\($0.offset)", $0.element) }
    for (index, value) in try body(inner, inputs).enumerated() { try inner.output("y\(index)", value) }
    return inner.graph
  }
}

// MARK: - Batching

extension BatchingContext {
  /// A sub-graph for a batch. Outputs that are the same for all elements are repeated where `batched` says so.
  ///
  /// - Returns: the graph, and which of its outputs differ from element to element before that.
  func subGraph(
    _ graph: Graph, _ inputs: [Bool], outputs batched: [Bool] = []
  ) throws -> (graph: Graph, isBatched: [Bool]) {
    let types = zip(graph.inputs, inputs).map { input, isBatched in
      isBatched ? TensorType(input.type.dtype, Shape([size] + input.type.shape.dims)) : input.type
    }
    var isBatched: [Bool] = []
    let mapped = try builder.subGraph(graph.name, types) { inner, x in
      let results = try map(inner, graph, zip(x, inputs).map { Batched($0, isBatched: $1) }, size)
      isBatched = results.map(\.isBatched)
      return try results.enumerated().map { index, result in
        index < batched.count && batched[index] ? try inner.batched(result, size) : result.value
      }
    }
    return (mapped, isBatched)
  }

  /// Which carried values of a loop differ from element to element: those that do at the start, and what they reach.
  func carriedFlags(_ body: Graph, _ flags: [Bool], carried: Int) throws -> [Bool] {
    var flags = flags
    while true {
      let found = try subGraph(body, flags).isBatched
      let grown = (0..<carried).map { flags[$0] || found[$0] }
      if grown == Array(flags.prefix(carried)) { return flags }
      flags.replaceSubrange(..<carried, with: grown)
    }
  }
}
