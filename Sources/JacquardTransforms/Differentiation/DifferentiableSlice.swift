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
    let connected = outputs.compactMap { $0 }
    var placeholders: [ValueID] = []
    for (index, output) in connected.enumerated() {
      placeholders.append(try copy.input("cotangent\(index)", copy.type(output)))
    }
    let pulled = try copy.connectedVJP(connected, cotangents: placeholders, withRespectTo: wrt)
    var arguments: [ValueID?] = leaves + placeholders.map { _ in nil }
    var directions: [(pulled: ValueID, tangent: ValueID)] = []
    for (index, value) in pulled.enumerated() {
      guard let value else { continue }
      directions.append((value, try copy.input("tangent\(index)", copy.type(value))))
      arguments.append(tangents[index])
    }
    let pushed = try copy.connectedVJP(
      directions.map(\.pulled), cotangents: directions.map(\.tangent), withRespectTo: placeholders)
    let written = try whole.inline(copy.graph, arguments, wanted: pushed.compactMap { $0 })
    var (found, values) = (pushed.makeIterator(), written.makeIterator())
    return outputs.map { $0 == nil ? nil : (found.next() ?? nil) == nil ? nil : values.next() }
  }
}
