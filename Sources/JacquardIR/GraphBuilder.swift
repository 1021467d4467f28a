import JacquardCore

/// Builds a graph by appending. A node that is already there (same operation, inputs, sub-graphs) is returned, not repeated.
///
/// Methods that append nodes throw the `Diagnostic` of the operation's type rule, with the tag of the violated constraint.
public final class GraphBuilder {
  /// What has been built so far; a copy of it does not change when more is appended.
  public private(set) var graph: Graph
  private var table = NodeTable()
  private var inputPositions: [String: Int] = [:]
  private var nodeNames: Set<String> = []
  private var outputNames: Set<String> = []
  private var updatedInputs: Set<Int> = []
  private var symbolPositions: [String: Int] = [:]

  /// Origins given to the nodes appended next: one by a user's program, several by a pass.
  public var origins: [Origin] = [Origin()]

  /// Begins an empty graph.
  public init(name: String, symbols: [Graph.Symbol] = []) {
    graph = Graph(name: name)
    for symbol in symbols { declare(symbol.name, defaultSize: symbol.defaultSize) }
  }

  /// Goes on where a graph ends.
  public init(extending graph: Graph) {
    self.graph = graph
    for node in graph.nodes {
      table.append(NodeTable.hash(node.operation, node.inputs, node.graphs))
      for origin in node.origins { if let name = origin.name { nodeNames.insert(name) } }
    }
    for (index, input) in graph.inputs.enumerated() { inputPositions[input.name] = index }
    for (index, symbol) in graph.symbols.enumerated() { symbolPositions[symbol.name] = index }
    outputNames = Set(graph.outputs.map(\.name))
    updatedInputs = Set(graph.updates.map(\.input))
  }

  /// The inferred type of a value built so far.
  public func type(_ value: ValueID) -> TensorType { graph.types[value.index] }
  /// The inferred shape of a value built so far.
  public func shape(_ value: ValueID) -> Shape { type(value).shape }

  // MARK: Inputs

  /// Adds an input. - Throws: `Diagnostic` if the name is taken or illegal or the type is.
  @discardableResult
  public func input(_ input: Input) throws -> ValueID {
    try GraphBuilder.checkName(input.name, "input")
    guard inputPositions[input.name] == nil, !nodeNames.contains(input.name) else {
      throw Diagnostic("two values are named '\(input.name)'", site: input.site)
    }
    try input.type.validate()
    declareSymbols(of: input.type)
    inputPositions[input.name] = graph.inputs.count
    let value = ValueID(graph.types.count)
    graph.types.append(input.type)
    graph.definitions.append(.input(graph.inputs.count))
    graph.inputs.append(input)
    graph.inputValues.append(value)
    return value
  }

  /// Adds a data input without hints.
  /// - Throws: `Diagnostic` if the name is taken or illegal or the type is.
  @discardableResult
  public func input(_ name: String, _ type: TensorType) throws -> ValueID { try input(Input(name: name, type: type)) }

  /// Makes a symbol known, with the size it has where none is bound.
  public func declare(_ symbol: String, defaultSize: Int? = nil) {
    if let index = symbolPositions[symbol] {
      if graph.symbols[index].defaultSize == nil { graph.symbols[index].defaultSize = defaultSize }
    } else {
      symbolPositions[symbol] = graph.symbols.count
      graph.symbols.append(Graph.Symbol(symbol, defaultSize: defaultSize))
    }
  }

  /// In the order in which the type mentions them, which is the same in every run.
  private func declareSymbols(of type: TensorType) {
    for dim in type.shape.dims where dim.value == nil {
      for term in dim.terms { for symbol in term.symbols { declare(symbol) } }
    }
  }

  // MARK: Nodes

  /// Applies an operation, and gives its results.
  ///
  /// - Parameter types: those of the results, if they are known: the type rule is then not asked.
  /// - Throws: `Diagnostic` from the operation's type rule, with the source line of the current origin.
  public func append(
    _ operation: any Operation, _ inputs: [ValueID], graphs: [Graph] = [], types known: [TensorType]? = nil
  ) throws -> [ValueID] {
    let hash = NodeTable.hash(operation, inputs, graphs)
    if let id = table.find(hash, operation, inputs, graphs, in: graph.nodes) {
      merge(origins, into: id)
      return graph.nodes[id.index].results
    }
    let types = try known ?? infer(operation, inputs, graphs)
    let id = NodeID(graph.nodes.count)
    let results = types.indices.map { ValueID(graph.types.count + $0) }
    for (k, type) in types.enumerated() {
      declareSymbols(of: type)
      graph.types.append(type)
      graph.definitions.append(.result(id, k))
    }
    for symbol in graphs.lazy.flatMap(\.symbols) { declare(symbol.name, defaultSize: symbol.defaultSize) }
    // What merging would make of one origin without a name.
    let isPlain = origins.count == 1 && origins[0].name == nil
    graph.nodes.append(
      Node(
        id: id, operation: operation, inputs: inputs, graphs: graphs, results: results,
        origins: isPlain ? origins : []))
    table.append(hash)
    if !isPlain { merge(origins, into: id) }
    return results
  }

  /// Applies an operation with one result.
  public func apply(_ operation: any Operation, _ inputs: ValueID..., graphs: [Graph] = []) throws -> ValueID {
    try append(operation, inputs, graphs: graphs)[0]
  }

  private func infer(_ operation: any Operation, _ inputs: [ValueID], _ graphs: [Graph]) throws -> [TensorType] {
    do {
      let types = try operation.inferTypes(TypeContext(inputs.map { type($0) }, graphs: graphs))
      for type in types { try type.validate() }
      return types
    } catch let error as Diagnostic {
      throw error.at(origins.lazy.compactMap(\.site).first)
    }
  }

  /// Adds origins to the node that computes a value (none to an input).
  public func addOrigins(_ origins: [Origin], to value: ValueID) {
    if case .result(let id, _) = graph.definition(value) { merge(origins, into: id) }
  }

  /// A node used all over a large graph (the constant 1) keeps this many origins without a name of their own.
  private static let originLimit = 64
  private static let aliasLimit = 4096

  /// Adds origins to a node; a name already taken by another value is dropped.
  private func merge(_ origins: [Origin], into id: NodeID) {
    for origin in origins where graph.nodes[id.index].origins.count < GraphBuilder.aliasLimit {
      if let name = origin.name, inputPositions[name] == nil, nodeNames.insert(name).inserted {
        graph.nodes[id.index].origins.append(origin)
      } else if !graph.nodes[id.index].origins.contains(origin) {
        mergeUnnamed(Origin(scope: origin.scope, site: origin.site), into: id)
      }
    }
  }

  private func mergeUnnamed(_ origin: Origin, into id: NodeID) {
    let count = graph.nodes[id.index].origins.count
    if count >= GraphBuilder.originLimit || graph.nodes[id.index].origins.contains(origin) { return }
    if count == 0 || origin.site != nil { graph.nodes[id.index].origins.append(origin) }
  }

  /// Names the node that computes a value; the first name wins, later ones are aliases.
  public func name(_ value: ValueID, _ name: String) throws {
    try GraphBuilder.checkName(name, "node")
    guard case .result(let id, _) = graph.definition(value) else { return }
    let node = graph.nodes[id.index]
    merge([Origin(name: name, scope: node.scope, site: node.site)], into: id)
  }

  // MARK: Outputs and updates

  /// Names a value as an output. - Throws: `Diagnostic` if the name is taken or illegal.
  public func output(_ name: String, _ value: ValueID) throws {
    try GraphBuilder.checkName(name, "output")
    if !outputNames.insert(name).inserted { throw Diagnostic("two outputs are named '\(name)'") }
    graph.outputs.append(Graph.Output(name: name, value: value))
  }

  /// Lets a value replace a parameter or state after each step.
  /// - Throws: `Diagnostic` if there is no such input, its role is data, the types differ, or it has an update already.
  public func update(_ name: String, _ value: ValueID) throws {
    guard let index = inputPositions[name] else {
      throw Diagnostic("update of '\(name)', which is no input")
    }
    let input = graph.inputs[index]
    if input.role == .data { throw Diagnostic("update of '\(name)', which is a data input") }
    if input.type != type(value) {
      throw Diagnostic("update of '\(name)' has type \(type(value)); the input has \(input.type)")
    }
    if !updatedInputs.insert(index).inserted { throw Diagnostic("two updates of '\(name)'") }
    graph.updates.append(Graph.Update(input: index, value: value))
  }

  /// Removes all outputs and updates, to be set anew.
  public func clearRoots() {
    graph.outputs = []
    graph.updates = []
    outputNames = []
    updatedInputs = []
  }

  /// Gives the graph another name.
  public func rename(_ name: String) { graph.name = name }

  /// Names may hold anything printable but controls, quotes and backslashes, up to 255 bytes, and neither begin with `%`
  /// (kept for values without a name) nor contain `:` (kept for results).
  static func checkName(_ name: String, _ what: String) throws(Diagnostic) {
    let bad = name.unicodeScalars.contains { $0.value < 32 || $0.value == 127 || $0 == "\"" || $0 == "\\" || $0 == ":" }
    if name.isEmpty || name.utf8.count > 255 || bad || name.hasPrefix("%") {
      let article = what.first.map { "aeiou".contains($0) } ?? false ? "an" : "a"
      throw Diagnostic("'\(name)' is no legal name for \(article) \(what)")
    }
  }
}
