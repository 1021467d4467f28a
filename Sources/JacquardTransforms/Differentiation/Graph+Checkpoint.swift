import JacquardCore
import JacquardIR
import JacquardOps

extension Graph {
  /// The graph with a scope made a checkpointed part: differentiated afterwards, the values inside are not kept for the backward
  /// pass but computed again there.
  ///
  /// ```swift
  /// let graph = try model.checkpointing(scope: "layers/0").checkpointing(scope: "layers/1", saving: .products)
  /// let gradients = try graph.addingGradients(of: "loss", withRespectTo: names)
  /// ```
  /// What depends on no input (constants, masks) belongs to no scope. Linear in the graph's size.
  /// - Parameters:
  ///   - scope: a path such as `layers/0`; it includes the scopes inside.
  ///   - policy: what is kept all the same.
  /// - Throws: `Diagnostic` if no output or update depends on a node of the scope, the graph has a backward pass already, the
  ///   scope is left and entered again, or as `GraphBuilder.checkpoint`.
  public func checkpointing(scope: String, saving policy: CheckpointPolicy = .nothing) throws -> Graph {
    let live = liveNodes()
    if let node = nodes.first(where: { live[$0.id.index] && $0.isBackward }) {
      throw Diagnostic(
        "checkpoint of scope '\(scope)': the graph is differentiated already (\(describe(node)))", site: node.site)
    }
    let part = try ScopedPart(self, scope, live)
    let builder = GraphBuilder(name: name, symbols: symbols)
    var map = [ValueID?](repeating: nil, count: valueCount)
    for (input, value) in zip(inputs, inputValues) { map[value.index] = try builder.input(input) }
    func copy(_ role: ScopedPart.Role) throws {
      for node in nodes where part.roles[node.id.index] == role { try builder.copy(node, &map) }
    }
    try copy(.fixed)
    try copy(.before)
    builder.origins = [Origin(scope: scope, site: part.nodes.lazy.compactMap(\.site).first)]
    let results = try builder.checkpoint(
      part.graph(), part.operands.compactMap { map[$0.index] }, id: largestBarrier + 1, saving: policy)
    for (old, new) in zip(part.results, results) { map[old.index] = new }
    try copy(.after)
    try builder.setRoots(of: self, map)
    return builder.graph
  }

  /// The largest number of a barrier, sub-graphs included; 0 if there is none.
  private var largestBarrier: Int {
    nodes.reduce(0) { largest, node in
      let own = node.typed(Barrier.self).map { abs($0.id) } ?? 0
      return node.graphs.reduce(max(largest, own)) { max($0, $1.largestBarrier) }
    }
  }
}

extension GraphBuilder {
  /// Appends a node of another graph, all of whose operands are in the map.
  fileprivate func copy(_ node: Node, _ map: inout [ValueID?]) throws {
    origins = node.origins
    let results = try append(node.operation, node.inputs.compactMap { map[$0.index] }, graphs: node.graphs)
    for (old, new) in zip(node.results, results) { map[old.index] = new }
  }
}

/// The nodes of a scope, and where those around it stand.
private struct ScopedPart {
  enum Role {
    /// Nothing needs it.
    case dead
    /// It depends on no input.
    case fixed
    case before, inside, after
  }

  private let source: Graph
  /// Of each node.
  private(set) var roles: [Role]
  /// Values from outside that the part uses.
  let operands: [ValueID]
  /// Values of the part that are used outside.
  let results: [ValueID]

  init(_ source: Graph, _ scope: String, _ live: [Bool]) throws {
    self.source = source
    var roles = [Role](repeating: .dead, count: source.nodes.count)
    for node in source.nodes where live[node.id.index] {
      roles[node.id.index] = try ScopedPart.role(of: node, in: source, scope, roles)
    }
    func isInside(_ value: ValueID) -> Bool { source.producer(value).map { roles[$0.id.index] == .inside } ?? false }
    func isFixed(_ value: ValueID) -> Bool { source.producer(value).map { roles[$0.id.index] == .fixed } ?? false }
    var (used, wanted) = (Set<ValueID>(), Set(source.roots.filter(isInside)))
    for node in source.nodes where live[node.id.index] {
      if roles[node.id.index] == .inside {
        used.formUnion(node.inputs.filter { !isInside($0) && !isFixed($0) })
      } else {
        wanted.formUnion(node.inputs.filter(isInside))
      }
    }
    if wanted.isEmpty { throw Diagnostic("checkpoint: no output depends on a node of scope '\(scope)'") }
    (self.roles, operands, results) = (roles, used.sorted(), wanted.sorted())
  }

  /// - Parameter roles: those of the nodes before.
  private static func role(of node: Node, in source: Graph, _ scope: String, _ roles: [Role]) throws -> Role {
    let producers = node.inputs.map { source.producer($0) }
    if producers.allSatisfy({ $0.map { roles[$0.id.index] == .fixed } ?? false }) { return .fixed }
    if node.scope == scope || node.scope.hasPrefix("\(scope)/") {
      if let outside = producers.lazy.compactMap({ $0 }).first(where: { roles[$0.id.index] == .after }) {
        throw Diagnostic(
          "checkpoint: scope '\(scope)' is left and entered again: \(source.describe(node)) needs "
            + "\(source.describe(outside)), which depends on the scope", site: node.site)
      }
      return .inside
    }
    let follows = producers.contains { producer in
      producer.map { [.inside, .after].contains(roles[$0.id.index]) } ?? false
    }
    return follows ? .after : .before
  }

  var nodes: [Node] { source.nodes.filter { roles[$0.id.index] == .inside } }

  /// The part as a graph of its own, from `operands` to `results`.
  func graph() throws -> Graph {
    let builder = GraphBuilder(name: "segment", symbols: source.symbols)
    var map = [ValueID?](repeating: nil, count: source.valueCount)
    for (index, operand) in operands.enumerated() {
      map[operand.index] = try builder.input("x\(index)", source.type(operand))
    }
    let needed = source.ancestors(of: results, leaves: Set(operands))
    for node in source.nodes where needed[node.id.index] { try builder.copy(node, &map) }
    for (index, value) in results.enumerated() {
      if let output = map[value.index] { try builder.output("y\(index)", output) }
    }
    return builder.graph
  }
}
