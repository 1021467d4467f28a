import JacquardCore
import JacquardIR
import JacquardOps

extension RuleSet {
  /// One form for each of several that mean the same, so that equal values become equal nodes and other rules need fewer
  /// patterns. Nothing here changes a bit, signs of zeros aside.
  public static let canonical = RuleSet("canonicalise", signs + operands)

  private static let signs: [Rule] = [
    Rule("addNegated", "a + -b is a - b", on: [Add.name]) { node, context in
      for side in [1, 0] {
        guard let negated = context.node(node.inputs[side], Negate.name) else { continue }
        return try context.builder.subtract(node.inputs[1 - side], negated.operand)
      }
      return nil
    },
    Rule("subtractNegated", "a - -b is a + b", on: [Subtract.name]) { node, context in
      guard let negated = context.node(node.inputs[1], Negate.name) else { return nil }
      return try context.builder.add(node.inputs[0], negated.operand)
    },
    Rule("zeroMinus", "0 - x is -x", on: [Subtract.name]) { node, context in
      guard context.isNumber(node.inputs[0], 0) else { return nil }
      return try context.shaped(context.builder.negate(node.inputs[1]), like: node)
    },
    Rule("minusOneTimes", "x * -1 and x / -1 are -x", on: [Multiply.name, Divide.name]) { node, context in
      guard context.isNumber(node.inputs[1], -1) else { return nil }
      return try context.shaped(context.builder.negate(node.inputs[0]), like: node)
    },
    Rule("negateDifference", "-(a - b) is b - a", on: [Negate.name]) { node, context in
      guard let inner = context.node(node.operand, Subtract.name), context.useCount(node.operand) == 1
      else { return nil }
      return try context.builder.subtract(inner.inputs[1], inner.inputs[0])
    },
    Rule("negatedFactors", "-a * -b is a * b; -a * c is a * -c for a constant c", on: [Multiply.name, Divide.name]) {
      node, context in
      guard let left = context.node(node.inputs[0], Negate.name) else { return nil }
      let divides = node.operation is Divide
      if let right = context.node(node.inputs[1], Negate.name) {
        return divides
          ? try context.builder.divide(left.operand, right.operand)
          : try context.builder.multiply(left.operand, right.operand)
      }
      guard context.type(node.results[0]).dtype.isFloat, context.number(node.inputs[1]) != nil else { return nil }
      let negated = try context.builder.negate(node.inputs[1])
      return divides
        ? try context.builder.divide(left.operand, negated) : try context.builder.multiply(left.operand, negated)
    },
  ]

  private static let commutative = [
    Add.name, Multiply.name, Equal.name, NotEqual.name, LogicalAnd.name, LogicalOr.name, LogicalXor.name,
  ]

  private static let operands: [Rule] = [
    Rule("constantsRight", "of two operands whose order does not matter, the constant is the second", on: commutative) {
      node, context in
      guard context.isConstant(node.inputs[0]), !context.isConstant(node.inputs[1]) else { return nil }
      return try context.builder.append(node.operation, [node.inputs[1], node.inputs[0]])[0]
    },
    Rule(
      "broadcastLater", "an element-wise operation on broadcast operands works on them before they are broadcast",
      on: ElementwiseOperations.all.map { $0.name }
    ) { node, context in
      try context.withoutBroadcasts(node)
    },
    Rule(
      "keepDimensions", "a reduction reshaped to keep its axes keeps them itself, if nothing else uses it",
      on: [Reshape.name]
    ) { node, context in
      guard let inner = context.node(node.operand), context.useCount(node.operand) == 1,
        let reduction = inner.operation as? any ReductionOperation
      else { return nil }
      return try context.keepingDimensions(reduction, inner.operand, as: context.shape(node.results[0]))
    },
  ]
}

extension RewriteContext {
  fileprivate mutating func withoutBroadcasts(_ node: Node) throws -> ValueID? {
    var inputs = node.inputs
    for (index, input) in inputs.enumerated() {
      if let inner = self.node(input, Broadcast.name) { inputs[index] = inner.operand }
    }
    if inputs == node.inputs { return nil }
    return try shaped(builder.append(node.operation, inputs)[0], like: node)
  }

  fileprivate func keepingDimensions<R: ReductionOperation>(
    _ reduction: R, _ x: ValueID, as shape: Shape
  ) throws -> ValueID? {
    guard !reduction.keepDims, !reduction.axes.isEmpty else { return nil }
    var dims = self.shape(x).dims
    for axis in reduction.axes { dims[axis] = 1 }
    return Shape(dims) == shape ? try builder.apply(R(axes: reduction.axes, keepDims: true), x) : nil
  }
}
