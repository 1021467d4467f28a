import JacquardCore
import JacquardIR
import JacquardOps

/// The part of a builder's graph between some values and some outputs, copied into a builder of its own.
///
/// Every value that enters the part (the start included) is an input of the copy.
struct DifferentiableSlice {
  private let copy: GraphBuilder
  /// Values of the whole that are inputs of the copy.
  private let leaves: [ValueID]
  private let wrt: [ValueID]
  /// The outputs in the copy; nil for one that does not depend on the start.
  private let outputs: [ValueID?]

  init(of whole: GraphBuilder, from wrt: [ValueID], to outputs: [ValueID]) throws {
    let sweep = try ReverseSweep(whole, withRespectTo: wrt)
    let graph = sweep.graph
    let start = Set(wrt)
    let needed = graph.ancestors(of: outputs.filter(sweep.isActive), leaves: start)
    var copier = Copier(graph: graph)
    for value in wrt { _ = try copier.value(value) }
    for node in graph.nodes where needed[node.id.index] && node.inputs.contains(where: sweep.isActive) {
      try copier.copy(node, except: start)
    }
    copy = copier.builder
    leaves = copier.leaves
    self.wrt = wrt.compactMap { copier.map[$0] }
    self.outputs = outputs.map { sweep.isActive($0) ? copier.map[$0] : nil }
  }

  private struct Copier {
    let graph: Graph
    let builder: GraphBuilder
    var leaves: [ValueID] = []
    var map: [ValueID: ValueID] = [:]

    init(graph: Graph) {
      self.graph = graph
      builder = GraphBuilder(name: graph.name, symbols: graph.symbols)
    }

    mutating func value(_ value: ValueID) throws -> ValueID {
      if let known = map[value] { return known }
      let input = try builder.input("leaf\(leaves.count)", graph.type(value))
      leaves.append(value)
      map[value] = input
      return input
    }

    mutating func copy(_ node: Node, except start: Set<ValueID>) throws {
      var inputs: [ValueID] = []
      for input in node.inputs { inputs.append(try value(input)) }
      builder.origins = node.origins.map { Origin(scope: $0.scope, site: $0.site) }
      let results = try builder.append(node.operation, inputs, graphs: node.graphs)
      for (old, new) in zip(node.results, results) where !start.contains(old) { map[old] = new }
    }
  }

  /// The tangents of the outputs, written into the whole.
  func pushforward(_ tangents: [ValueID], into whole: GraphBuilder) throws -> [ValueID?] {
    let linear = try linearized(along: Array(wrt.indices))
    let arguments = linear.arguments(leaves, linear.directions.map { tangents[$0] })
    let written = try whole.inline(linear.graph, arguments, wanted: linear.results.compactMap { $0 })
    return distribute(linear.results, written)
  }

  /// The tangents of the only output along a batch of tangents of one value, stacked along a first axis; nil if the output does
  /// not depend on it.
  func pushforward(along index: Int, _ tangents: ValueID, size: Dim, into whole: GraphBuilder) throws -> ValueID? {
    let linear = try linearized(along: [index])
    let arguments = linear.arguments(
      leaves.map { Batched($0, isBatched: false) }, linear.directions.map { _ in Batched(tangents) })
    let written = try whole.vmap(linear.graph, arguments, size: size, wanted: linear.results.compactMap { $0 })
    return try distribute(linear.results, written.map { try whole.batched($0, size) })[0]
  }

  /// The cotangents of the start for a batch of cotangents of the only output, stacked along a first axis; nil where the output
  /// does not depend on it.
  func pullback(_ cotangents: ValueID, size: Dim, into whole: GraphBuilder) throws -> [ValueID?] {
    guard let output = outputs[0] else { return wrt.map { _ in nil } }
    let builder = GraphBuilder(extending: copy.graph)
    let seed = try builder.input("cotangent", builder.type(output))
    let pulled = try builder.connectedVJP([output], cotangents: [seed], withRespectTo: wrt)
    let arguments = leaves.map { Batched($0, isBatched: false) } + [Batched(cotangents)]
    let written = try whole.vmap(builder.graph, arguments, size: size, wanted: pulled.compactMap { $0 })
    var values = try written.map { try whole.batched($0, size) }.makeIterator()
    return pulled.map { $0 == nil ? nil : values.next() }
  }

  /// The slice with the tangents of its outputs, as a graph whose inputs are the leaves, placeholders and tangents.
  private struct Linearized {
    let graph: Graph
    let placeholders: Int
    /// Positions of the values whose tangents are the last inputs.
    let directions: [Int]
    /// One for each output that depends on the start.
    let results: [ValueID?]

    func arguments<Value>(_ leaves: [Value], _ tangents: [Value]) -> [Value?] {
      var result: [Value?] = leaves
      result += repeatElement(nil, count: placeholders)
      result += tangents.map { $0 }
      return result
    }
  }

  /// By two reverse sweeps: the first is linear in placeholder cotangents, with respect to which the second differentiates.
  private func linearized(along chosen: [Int]) throws -> Linearized {
    let builder = GraphBuilder(extending: copy.graph)
    let connected = outputs.compactMap { $0 }
    let placeholders = try connected.enumerated().map { index, output in
      try builder.input("cotangent\(index)", builder.type(output))
    }
    let pulled = try builder.connectedVJP(connected, cotangents: placeholders, withRespectTo: wrt)
    let directions = chosen.filter { pulled[$0] != nil }
    let values = directions.compactMap { pulled[$0] }
    let tangents = try values.enumerated().map { try builder.input("tangent\($0)", builder.type($1)) }
    let pushed = try builder.connectedVJP(values, cotangents: tangents, withRespectTo: placeholders)
    return Linearized(
      graph: builder.graph, placeholders: placeholders.count, directions: directions, results: pushed)
  }

  /// What was written, given back to the outputs.
  private func distribute(_ results: [ValueID?], _ written: [ValueID]) -> [ValueID?] {
    var (found, values) = (results.makeIterator(), written.makeIterator())
    return outputs.map { $0 == nil ? nil : (found.next() ?? nil) == nil ? nil : values.next() }
  }
}
