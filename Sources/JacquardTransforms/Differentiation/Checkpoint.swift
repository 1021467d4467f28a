import JacquardCore
import JacquardIR
import JacquardOps

/// Which values inside a checkpointed part are kept for the backward pass; the others are computed again there.
public enum CheckpointPolicy: Hashable, Sendable {
  /// None: everything is computed again from what enters the part.
  case nothing
  /// The results of products and convolutions, which take long to compute: what lies between them is computed again. Composites
  /// with products inside (attention) are written out.
  case products
  /// The values of these names.
  case named(Set<String>)
}

extension GraphBuilder {
  /// Appends a graph whose inner values are not kept for the backward pass but computed again there.
  ///
  /// In the gradient the graph runs a second time, on operands (and kept values) behind a barrier, so that no pass merges the two.
  /// - Parameters:
  ///   - id: a number that no other barrier of this builder has.
  ///   - policy: what is kept all the same.
  /// - Returns: the graph's outputs.
  /// - Throws: `Diagnostic` if a name of the policy is that of no value of the graph, or an operation has no gradient.
  public func checkpoint(
    _ graph: Graph, _ operands: [ValueID], id: Int, saving policy: CheckpointPolicy = .nothing
  ) throws -> [ValueID] {
    let part = try CheckpointedPart(graph, saving: policy)
    let isInput = operands.map { self.graph.producer($0) == nil }
    let results = try customGradient(operands) { inner, x in
      try inner.inline(part.graph, x)
    } backward: { inner, x, y, g in
      try part.backward(inner, x, y, g, isInput: isInput, id: id)
    }
    return Array(results.prefix(graph.outputs.count))
  }
}

/// A graph with the values that are kept as further outputs.
private struct CheckpointedPart {
  let graph: Graph
  /// How many of the outputs are those of the part itself.
  private let own: Int

  init(_ part: Graph, saving policy: CheckpointPolicy) throws {
    own = part.outputs.count
    let written = policy == .products ? try part.writingOutProducts() : part
    let outputs = Set(written.outputs.map(\.value))
    let builder = GraphBuilder(extending: written)
    for (index, value) in try written.values(of: policy).enumerated() where !outputs.contains(value) {
      try builder.output("saved\(index)", value)
    }
    graph = builder.graph
  }

  /// The cotangents of the floating operands from those of the floating results.
  ///
  /// - Parameter isInput: operands that are there before the step and need not wait for the backward pass: parameters.
  func backward(
    _ inner: GraphBuilder, _ x: [ValueID], _ y: [ValueID], _ cotangents: [ValueID], isInput: [Bool], id: Int
  ) throws -> [ValueID] {
    let saved = Array(y.dropFirst(own))
    let given = Array(cotangents.prefix(y.prefix(own).filter { inner.type($0).dtype.isFloat }.count))
    let behind = try inner.barrier(x + saved + given, id: id)
    let last = given.isEmpty ? nil : behind.last
    let early = isInput + saved.map { _ in false }
    let again = try zip(behind, zip(x + saved, early)).map { value, source in
      source.1 ? value : try inner.waiting(value, source.0, for: last, id: id)
    }
    let held = again + behind.suffix(given.count)
    let part = try Recomputation(graph, own: own)
    var arguments: [ValueID?] = Array(held.prefix(x.count))
    arguments += held.suffix(given.count).map { $0 }
    let kept = zip(part.saved, held.dropFirst(x.count)).map { ($0, $1) }
    let values = try inner.inline(
      part.builder.graph, arguments, wanted: part.cotangents.compactMap { $0 },
      known: Dictionary(kept) { first, _ in first })
    var next = values.makeIterator()
    let floats = held.prefix(x.count).filter { inner.type($0).dtype.isFloat }
    return try zip(floats, part.cotangents).map { operand, found in
      try found.flatMap { _ in next.next() } ?? inner.zeros(inner.type(operand))
    }
  }
}

extension GraphBuilder {
  /// A value that is known only when a cotangent is, so that what is computed from it stays in the backward pass: kernels do not
  /// see barriers, and would do it beside the same work of the forward pass. Both branches are the value, behind two barriers.
  fileprivate func waiting(
    _ value: ValueID, _ original: ValueID, for cotangent: ValueID?, id: Int
  ) throws -> ValueID {
    guard let cotangent, !shape(cotangent).dims.contains(0) else { return value }
    let rank = shape(cotangent).rank
    let first = try slice(
      cotangent, starts: [Dim](repeating: 0, count: rank), limits: [Dim](repeating: 1, count: rank))
    let element = try reshape(first, [])
    return try select(equal(element, element), value, barrier([original], id: -id)[0])
  }
}

/// A part and its gradient in a builder of their own, so that kept values can take the place of those computed again.
private struct Recomputation {
  let builder: GraphBuilder
  /// Values that are kept.
  let saved: [ValueID]
  /// Those of the floating operands; nil where no result depends on one.
  let cotangents: [ValueID?]

  init(_ part: Graph, own: Int) throws {
    let builder = GraphBuilder(name: part.name, symbols: part.symbols)
    let operands = try part.inputs.enumerated().map { try builder.input("x\($0)", $1.type) }
    let outputs = try builder.inline(part, operands)
    let results = outputs.prefix(own).filter { builder.type($0).dtype.isFloat }
    let seeds = try results.enumerated().map { try builder.input("g\($0)", builder.type($1)) }
    let saved = Array(outputs.dropFirst(own))
    let floats = operands.filter { builder.type($0).dtype.isFloat }
    let stable = try builder.stabilize(results, keeping: floats + saved).values
    cotangents = try builder.connectedVJP(stable, cotangents: seeds, withRespectTo: floats)
    (self.builder, self.saved) = (builder, saved)
  }
}

extension Graph {
  /// The values that a policy keeps, in order.
  fileprivate func values(of policy: CheckpointPolicy) throws -> [ValueID] {
    switch policy {
    case .nothing: return []
    case .products: return nodes.filter(\.isProduct).flatMap(\.results)
    case .named(let names):
      let found = nodes.filter { $0.origins.contains { $0.name.map(names.contains) ?? false } }
      let known = Set(found.flatMap { $0.origins.compactMap(\.name) })
      if let missing = names.subtracting(known).sorted().first {
        throw Diagnostic("checkpoint: no value inside is named '\(missing)'")
      }
      return found.map { $0.results[0] }
    }
  }

  /// The graph with those composites written out in which there are products.
  fileprivate func writingOutProducts() throws -> Graph {
    var graph = self
    while let chosen = try graph.compositesWithProducts() {
      let builder = GraphBuilder(name: name, symbols: symbols)
      graph = try graph.rebuilding(into: builder) { node, inputs in
        guard chosen.contains(node.id), let composite = node.operation as? any CompositeOperation else {
          return try builder.append(node.operation, inputs, graphs: node.graphs)
        }
        return try composite.decompose(builder, inputs, graphs: node.graphs)
      }
    }
    return graph
  }

  /// nil if there are none.
  private func compositesWithProducts() throws -> Set<NodeID>? {
    let found = try nodes.filter { try !$0.isProduct && hasProducts($0) }.map(\.id)
    return found.isEmpty ? nil : Set(found)
  }

  private func hasProducts(_ node: Node) throws -> Bool {
    // A function with a gradient of its own stays whole.
    guard let composite = node.operation as? any CompositeOperation, !(composite is CustomGradient) else {
      return node.isProduct
    }
    let parts = try Decomposition(composite, node, types: node.inputs.map { type($0) }).builder.graph
    return try parts.nodes.contains { try parts.hasProducts($0) }
  }
}

extension Node {
  fileprivate var isProduct: Bool { operation is Dot || operation is Conv }
}
