import JacquardCore
import JacquardIR
import JacquardOps

extension RuleSet {
  /// What is added at few rows of a table is added there, and the other rows are left alone: the step of an embedding.
  static let scattered: [Rule] = [
    Rule(
      "addOfScatter", "x + scatterAdd(0, i, u) is scatterAdd(x, i, u), added in the order of the updates",
      on: [Add.name]
    ) { node, context in
      for side in 0...1 {
        guard let scatter = context.sparse(node.inputs[side]) else { continue }
        var rest = try context.shaped(node.inputs[1 - side], like: node)
        if !context.isNumber(scatter.inputs[0], 0) { rest = try context.builder.add(rest, scatter.inputs[0]) }
        return try context.scatter(onto: rest, scatter, scatter.inputs[2])
      }
      return nil
    },
    Rule(
      "subtractOfScatter", "x - scatterAdd(0, i, u) is scatterAdd(x, i, -u), added in the order of the updates",
      on: [Subtract.name]
    ) { node, context in
      guard let scatter = context.sparse(node.inputs[1]) else { return nil }
      var rest = try context.shaped(node.inputs[0], like: node)
      if !context.isNumber(scatter.inputs[0], 0) { rest = try context.builder.subtract(rest, scatter.inputs[0]) }
      return try context.scatter(onto: rest, scatter, context.builder.negate(scatter.inputs[2]))
    },
    Rule("scaledScatter", "c * scatterAdd(0, i, u) is scatterAdd(0, i, c * u), rounded there", on: [Multiply.name]) {
      node, context in
      for side in 0...1 {
        let factor = node.inputs[1 - side]
        guard context.shape(factor).rank == 0, let scatter = context.sparse(node.inputs[side]) else { continue }
        let updates = try context.builder.multiply(factor, scatter.inputs[2])
        var base = scatter.inputs[0]
        if !context.isNumber(base, 0) { base = try context.builder.multiply(factor, base) }
        return try context.scatter(onto: base, scatter, updates)
      }
      return nil
    },
  ]
}

extension RewriteContext {
  /// The node, if the value is used once and is zero but for few elements that `scatterAdd` adds.
  fileprivate mutating func sparse(_ value: ValueID) -> Node? {
    guard useCount(value) <= 1, let node = node(value, ScatterAdd.name),
      let all = shape(value).sizes, let added = shape(node.inputs[2]).sizes,
      added.reduce(1, *) <= all.reduce(1, *)
    else { return nil }
    return isNumber(node.inputs[0], 0) || sparse(node.inputs[0]) != nil ? node : nil
  }

  fileprivate func scatter(onto base: ValueID, _ node: Node, _ updates: ValueID) throws -> ValueID {
    try builder.append(node.operation, [base, node.inputs[1], updates])[0]
  }
}
