import JacquardCore

extension Graph {
  /// How deep sub-graphs may be nested.
  public static let deepestNesting = 16

  /// Checks everything that readers, passes and builders promise: each value is defined before it is used, types are those that
  /// the type rules infer, names are unique and legal, updates fit their inputs, every symbol is declared; and all of it
  /// for sub-graphs. Takes time in proportion to the graph's size.
  ///
  /// - Throws: `Diagnostic` that names the graph and the input, node, output or update.
  public func verify() throws { try verify(depth: 0, outer: nil) }

  private func verify(depth: Int, outer: Set<String>?) throws {
    var verifier = GraphVerifier(self)
    do {
      if depth > Graph.deepestNesting { throw Diagnostic("sub-graphs are nested too deeply") }
      try verifier.checkSymbols(outer: outer)
      try verifier.checkInputs()
      for node in nodes {
        try verifier.check(node)
        for graph in node.graphs { try graph.verify(depth: depth + 1, outer: verifier.symbols) }
      }
      try verifier.checkRoots(isOutermost: depth == 0)
    } catch let error as Diagnostic {
      throw error.at("graph '\(name)'")
    }
  }
}

/// One walk over a graph.
private struct GraphVerifier {
  private let graph: Graph
  private(set) var symbols: Set<String> = []
  private var names: Set<String> = []
  /// Values defined so far.
  private var defined = 0

  init(_ graph: Graph) { self.graph = graph }

  mutating func checkSymbols(outer: Set<String>?) throws {
    try GraphBuilder.checkName(graph.name, "graph")
    for symbol in graph.symbols {
      if !Dim.isSymbolName(symbol.name) { throw Diagnostic("'\(symbol.name)' is no legal name for a symbol") }
      if !symbols.insert(symbol.name).inserted { throw Diagnostic("two symbols are named '\(symbol.name)'") }
      if let size = symbol.defaultSize, size < 1 { throw Diagnostic("symbol \(symbol.name) has size \(size)") }
      if let outer, !outer.contains(symbol.name) {
        throw Diagnostic("symbol \(symbol.name) is not declared by the graph around this one")
      }
    }
  }

  mutating func checkInputs() throws {
    guard graph.inputValues.count == graph.inputs.count, graph.definitions.count == graph.types.count else {
      throw Diagnostic("inputs and values do not match", kind: .internalError)
    }
    for (index, input) in graph.inputs.enumerated() {
      do {
        try input.verify()
        try take(input.name)
        try checkSymbols(of: input.type)
        try input.site?.verify()
      } catch {
        throw error.at("input '\(input.name)'")
      }
      let value = graph.inputValues[index]
      guard isUndefined(value), graph.type(value) == input.type, graph.definition(value) == .input(index) else {
        throw Diagnostic("input '\(input.name)' is not the value it should be", kind: .internalError)
      }
      defined = max(defined, value.index + 1)
    }
  }

  private func isUndefined(_ value: ValueID) -> Bool { value.index >= defined && value.index < graph.valueCount }

  private mutating func take(_ name: String) throws(Diagnostic) {
    if !names.insert(name).inserted { throw Diagnostic("two values are named '\(name)'") }
  }

  private func checkSymbols(of type: TensorType) throws(Diagnostic) {
    for symbol in type.shape.symbols where !symbols.contains(symbol) {
      throw Diagnostic("symbol \(symbol) of type \(type) is not declared")
    }
  }

  mutating func check(_ node: Node) throws {
    do {
      for origin in node.origins {
        if let name = origin.name {
          try GraphBuilder.checkName(name, "node")
          try take(name)
        }
        try origin.site?.verify()
      }
      for input in node.inputs where !isDefined(input, before: node) {
        throw Diagnostic("operand %\(input.index) is defined later")
      }
      try checkTypes(node)
      for symbol in try AttributeEncoder.encode(node.operation).symbols where !symbols.contains(symbol) {
        throw Diagnostic("symbol \(symbol) is not declared")
      }
    } catch let error as Diagnostic {
      throw error.at("node '\(graph.describe(node))'").at(node.site)
    }
  }

  /// Inputs may be added after nodes, so numbers alone do not tell.
  private func isDefined(_ value: ValueID, before node: Node) -> Bool {
    guard value.index >= 0, value.index < graph.valueCount else { return false }
    return switch graph.definition(value) {
    case .input: true
    case .result(let id, _): id < node.id
    }
  }

  private func checkTypes(_ node: Node) throws {
    let inferred = try node.operation.inferTypes(
      TypeContext(node.inputs.map { graph.type($0) }, graphs: node.graphs))
    guard inferred.count == node.results.count else {
      throw Diagnostic("has \(node.results.count) results; \(node.operationName) gives \(inferred.count)")
    }
    for (k, value) in node.results.enumerated() {
      guard value.index >= 0, value.index < graph.valueCount, graph.definition(value) == .result(node.id, k) else {
        throw Diagnostic("result \(k) is not the value it should be", kind: .internalError)
      }
      if graph.type(value) != inferred[k] {
        throw Diagnostic("result \(k) has type \(graph.type(value)); inferred is \(inferred[k])")
      }
      try inferred[k].validate()
      try checkSymbols(of: inferred[k])
    }
  }

  func checkRoots(isOutermost: Bool) throws {
    var outputs: Set<String> = []
    for output in graph.outputs {
      try GraphBuilder.checkName(output.name, "output")
      if !outputs.insert(output.name).inserted { throw Diagnostic("two outputs are named '\(output.name)'") }
      try checkValue(output.value, "output '\(output.name)'")
    }
    if !isOutermost, !graph.updates.isEmpty { throw Diagnostic("a sub-graph has updates") }
    var updated: Set<Int> = []
    for update in graph.updates {
      guard graph.inputs.indices.contains(update.input) else { throw Diagnostic("an update of no input") }
      let input = graph.inputs[update.input]
      try checkValue(update.value, "update of '\(input.name)'")
      if !updated.insert(update.input).inserted { throw Diagnostic("two updates of '\(input.name)'") }
      if input.role == .data { throw Diagnostic("update of '\(input.name)', which is a data input") }
      if graph.type(update.value) != input.type {
        throw Diagnostic(
          "update of '\(input.name)' has type \(graph.type(update.value)); the input has \(input.type)")
      }
    }
  }

  private func checkValue(_ value: ValueID, _ what: String) throws {
    if value.index < 0 || value.index >= graph.valueCount { throw Diagnostic("\(what) is no value of the graph") }
  }
}
