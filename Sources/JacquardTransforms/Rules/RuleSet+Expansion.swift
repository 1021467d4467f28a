import JacquardCore
import JacquardIR
import JacquardOps

extension RuleSet {
  /// Composites are written out, and what only differentiation needed goes.
  public static let expansion = RuleSet(
    "expand",
    [
      Rule("expand", "a composite is its decomposition", roots: .matching { $0 is any CompositeOperation }) {
        node, context in
        guard let composite = node.operation as? any CompositeOperation else { return nil }
        return try composite.decompose(context.builder, node.inputs, graphs: node.graphs)
      },
      Rule("dropStopGradient", "after differentiation, stopGradient(x) is x", on: [StopGradient.name]) { node, _ in
        node.operand
      },
    ])

  /// Composites that differentiation would write out are written out before, so that both directions share the nodes.
  static let undifferentiatedExpansion = RuleSet(
    "expandUndifferentiated",
    [
      Rule(
        "expandUndifferentiated", "a composite without a gradient of its own is its decomposition",
        roots: .matching { $0 is any CompositeOperation }
      ) { node, context in
        guard let composite = node.operation as? any CompositeOperation,
          !composite.hasOwnGradient(node.inputs.map { context.type($0) }, graphs: node.graphs)
        else { return nil }
        return try composite.decompose(context.builder, node.inputs, graphs: node.graphs)
      }
    ])

  /// What a graph goes through before it is differentiated, in order.
  static let beforeDifferentiation = [
    useless + folding + canonical + stable, undifferentiatedExpansion + useless + folding + canonical,
  ]
}

extension CompositeOperation {
  /// Whether the gradient rule does something else than to refer to the decomposition.
  fileprivate func hasOwnGradient(_ types: [TensorType], graphs: [Graph]) -> Bool {
    let builder = GraphBuilder(name: Self.name)
    do {
      let inputs = try types.enumerated().map { try builder.input("x\($0.offset)", $0.element) }
      let outputs = try builder.append(self, inputs, graphs: graphs)
      let cotangents = try outputs.enumerated().map { try builder.input("g\($0.offset)", builder.type($0.element)) }
      let context = GradientContext(
        builder: builder, inputs: inputs, outputs: outputs, cotangents: cotangents,
        needed: types.map(\.dtype.isFloat), graphs: graphs, pullback: GraphBuilder.pullback)
      if case .decomposed = try gradient(context) { return false }
      return true
    } catch {
      // Its own rule objects: that is reported when the gradient is asked for.
      return true
    }
  }
}
