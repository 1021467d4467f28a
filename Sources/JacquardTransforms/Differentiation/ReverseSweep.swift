import JacquardCore
import JacquardIR
import JacquardOps

/// One backward walk over the nodes of a builder: sums the cotangents of every value that depends on what is asked for.
///
/// Linear in the number of nodes. Gradients are built from ordinary operations, so they can be differentiated again.
struct ReverseSweep {
  let builder: GraphBuilder
  /// The graph before the walk; what the walk appends is not part of it.
  let graph: Graph
  /// For each value of `graph`, whether it is a float that depends on what is asked for.
  private let active: [Bool]
  private let wanted: Set<ValueID>
  private var cotangents: [ValueID?]

  init(_ builder: GraphBuilder, withRespectTo wrt: [ValueID]) throws {
    self.builder = builder
    graph = builder.graph
    for value in wrt where !graph.type(value).dtype.isFloat {
      throw Diagnostic(
        "no derivative with respect to \(graph.describe(value)), which has type \(graph.type(value)): not a float")
    }
    wanted = Set(wrt)
    active = ReverseSweep.activity(graph, wanted)
    cotangents = [ValueID?](repeating: nil, count: graph.valueCount)
  }

  private static func activity(_ graph: Graph, _ wanted: Set<ValueID>) -> [Bool] {
    var active = [Bool](repeating: false, count: graph.valueCount)
    for value in wanted { active[value.index] = true }
    for node in graph.nodes where node.inputs.contains(where: { active[$0.index] }) {
      for result in node.results where graph.type(result).dtype.isFloat { active[result.index] = true }
    }
    return active
  }

  func isActive(_ value: ValueID) -> Bool { active[value.index] }

  /// Carries the cotangents of outputs back, and gives those of `wrt`: nil where nothing depends on it.
  mutating func run(
    outputs: [ValueID], cotangents seeds: [ValueID], withRespectTo wrt: [ValueID]
  ) throws -> [ValueID?] {
    let origins = builder.origins
    defer { builder.origins = origins }
    for (output, seed) in zip(outputs, seeds) where isActive(output) { try accumulate(seed, at: output) }
    for node in graph.nodes.reversed() where node.results.contains(where: { cotangents[$0.index] != nil }) {
      guard node.inputs.contains(where: isActive) else { continue }
      builder.origins = ReverseSweep.backwardOrigins(node)
      try step(node)
    }
    return wrt.map { cotangents[$0.index] }
  }

  /// The scope of all that the backward pass makes.
  static let scope = "grad"

  /// Where nodes of the backward pass come from: the line of the forward node, in a scope of their own, without a name.
  static func backwardOrigins(_ node: Node) -> [Origin] {
    node.origins.map { Origin(scope: $0.scope.isEmpty ? scope : "\(scope)/\($0.scope)", site: $0.site) }
  }

  private mutating func step(_ node: Node) throws {
    do {
      let answers = try rule(node)
      guard answers.count == node.inputs.count else {
        throw Diagnostic(
          "\(node.operationName): its gradient rule answers \(answers.count) cotangents for "
            + "\(node.inputs.count) inputs", kind: .internalError)
      }
      for (position, answer) in answers.enumerated() {
        guard case .value(let value) = answer, isActive(node.inputs[position]) else { continue }
        let input = node.inputs[position]
        try check(value, for: input, node, position)
        try accumulate(builder.unbroadcast(value, to: graph.type(input).shape), at: input)
      }
    } catch let error as Diagnostic {
      throw error.at(graph.describe(node)).at(node.site)
    }
  }

  private func rule(_ node: Node) throws -> [Cotangent] {
    let context = GradientContext(
      builder: builder, inputs: node.inputs, outputs: node.results,
      cotangents: node.results.map { cotangents[$0.index] }, needed: node.inputs.map(isActive), graphs: node.graphs,
      pullback: GraphBuilder.pullback)
    switch try node.operation.gradient(context) {
    case .cotangents(let answers): return answers
    case .nonDifferentiable(let reason):
      throw Diagnostic("\(node.operationName) has no gradient: \(reason)")
    case .decomposed:
      guard let composite = node.operation as? any CompositeOperation else {
        throw Diagnostic("\(node.operationName): only a composite has a decomposition", kind: .internalError)
      }
      return try Decomposition(composite, node, types: node.inputs.map { graph.type($0) }).gradient(context)
    }
  }

  private func check(_ value: ValueID, for input: ValueID, _ node: Node, _ position: Int) throws {
    let (given, wanted) = (builder.type(value), graph.type(input))
    if given.dtype != wanted.dtype || wanted.shape.broadcast(with: given.shape) != given.shape {
      throw Diagnostic(
        "\(node.operationName): its gradient rule answers a cotangent \(given) for input \(position), which is \(wanted)",
        kind: .internalError)
    }
  }

  private mutating func accumulate(_ cotangent: ValueID, at value: ValueID) throws {
    if let sum = cotangents[value.index] {
      cotangents[value.index] = try builder.add(sum, cotangent)
    } else {
      cotangents[value.index] = cotangent
    }
  }
}

extension Graph {
  /// How a value is called in messages.
  func describe(_ value: ValueID) -> String {
    switch definition(value) {
    case .input(let index): "input '\(inputs[index].name)'"
    case .result(let id, _): describe(nodes[id.index])
    }
  }
}

extension GraphBuilder {
  /// Sums a value over the axes along which a shape was broadcast to it: the one place where gradients undo broadcasting.
  func unbroadcast(_ value: ValueID, to shape: Shape) throws -> ValueID {
    let given = self.shape(value)
    if given == shape { return value }
    let added = given.rank - shape.rank
    var axes = Array(0..<added)
    for axis in 0..<shape.rank where shape[axis].isOne && !given[added + axis].isOne { axes.append(added + axis) }
    let total = axes.isEmpty ? value : try sum(value, axes: axes)
    return self.shape(total) == shape ? total : try reshape(total, shape)
  }
}
