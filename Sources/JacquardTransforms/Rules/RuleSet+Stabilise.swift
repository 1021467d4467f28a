import JacquardCore
import JacquardIR
import JacquardOps

extension RuleSet {
  /// Formulas that overflow, or lose digits, in the form that does not. These change rounding, and values that were
  /// infinite or NaN by overflow alone: that is their purpose.
  public static let stable = RuleSet("stabilise", exponentialSums + logistic + smallArguments)

  private static let exponentialSums: [Rule] = [
    Rule("logSumExp", "log(sum(exp(x))) over one axis is logSumExp(x)", on: [Log.name]) { node, context in
      guard let (x, axis, keepDims) = context.sumOfExponentials(node.operand) else { return nil }
      return try context.builder.logSumExp(x, axis: axis, keepDims: keepDims)
    },
    Rule("softmax", "exp(x) / sum(exp(x)) is softmax(x)", on: [Divide.name]) { node, context in
      guard let exponential = context.node(node.inputs[0], Exp.name),
        let (x, axis, keepDims) = context.sumOfExponentials(node.inputs[1]), keepDims || axis == 0,
        exponential.operand == x
      else { return nil }
      return try context.builder.softmax(x, axis: axis)
    },
    Rule("softmaxProduct", "exp(x) * (1 / sum(exp(x))) is softmax(x)", on: [Multiply.name]) { node, context in
      for side in 0...1 {
        guard let exponential = context.node(node.inputs[side], Exp.name),
          let inverse = context.node(node.inputs[1 - side], Divide.name), context.isNumber(inverse.inputs[0], 1),
          let (x, axis, keepDims) = context.sumOfExponentials(inverse.inputs[1]), keepDims || axis == 0,
          exponential.operand == x
        else { continue }
        return try context.builder.softmax(x, axis: axis)
      }
      return nil
    },
    Rule("logOfSoftmax", "log(softmax(x)) is logSoftmax(x)", on: [Log.name]) { node, context in
      guard let (softmax, x) = context.match(node.operand, Softmax.self) else { return nil }
      return try context.builder.logSoftmax(x, axis: softmax.axis)
    },
    Rule(
      "logOfChosenSoftmax", "the logarithm of chosen elements of softmax(x) is the chosen elements of logSoftmax(x)",
      on: [Log.name]
    ) { node, context in
      try context.logOfChosen(node.operand)
    },
    Rule("subtractLogSumExp", "x - logSumExp(x) is logSoftmax(x)", on: [Subtract.name]) { node, context in
      guard let (operation, x) = context.match(node.inputs[1], LogSumExp.self), x == node.inputs[0],
        operation.keepDims || operation.axis == 0
      else { return nil }
      return try context.builder.logSoftmax(x, axis: operation.axis)
    },
    Rule("expOfLogSoftmax", "exp(logSoftmax(x)) is softmax(x)", on: [Exp.name]) { node, context in
      guard let (operation, x) = context.match(node.operand, LogSoftmax.self) else { return nil }
      return try context.builder.softmax(x, axis: operation.axis)
    },
    Rule(
      "shiftedSoftmax", "softmax and logSoftmax of x - m, with m the same along the axis, are those of x",
      on: [Softmax.name, LogSoftmax.name]
    ) { node, context in
      try context.withoutShift(node)
    },
    Rule("shiftedLogSumExp", "logSumExp(x - m) + m, with m the same along the axis, is logSumExp(x)", on: [Add.name]) {
      node, context in
      for side in 0...1 {
        if let value = try context.shiftedBack(node.inputs[side], by: node.inputs[1 - side]) { return value }
      }
      return nil
    },
  ]

  private static let logistic: [Rule] = [
    Rule("sigmoid", "1 / (1 + exp(-x)) is sigmoid(x)", on: [Divide.name]) { node, context in
      guard context.isNumber(node.inputs[0], 1), let x = context.onePlusExp(node.inputs[1]) else { return nil }
      if let negated = context.node(x, Negate.name) { return try context.builder.sigmoid(negated.operand) }
      return try context.builder.sigmoid(context.builder.negate(x))
    },
    Rule("logOfSigmoid", "log(sigmoid(x)) is -softplus(-x)", on: [Log.name]) { node, context in
      guard let inner = context.node(node.operand, Sigmoid.name) else { return nil }
      return try context.builder.negate(context.builder.softplus(context.builder.negate(inner.operand)))
    },
    Rule("logOfOneMinusSigmoid", "log(1 - sigmoid(x)) is -softplus(x)", on: [Log.name]) { node, context in
      guard let difference = context.node(node.operand, Subtract.name), context.isNumber(difference.inputs[0], 1),
        let inner = context.node(difference.inputs[1], Sigmoid.name)
      else { return nil }
      return try context.builder.negate(context.builder.softplus(inner.operand))
    },
    Rule("oneMinusSigmoid", "1 - sigmoid(x) is sigmoid(-x), if nothing else uses sigmoid(x)", on: [Subtract.name]) {
      node, context in
      guard context.isNumber(node.inputs[0], 1), let inner = context.node(node.inputs[1], Sigmoid.name),
        context.useCount(node.inputs[1]) == 1
      else { return nil }
      return try context.shaped(context.builder.sigmoid(context.builder.negate(inner.operand)), like: node)
    },
    Rule("softplus", "log(1 + exp(x)) is softplus(x)", on: [Log.name, Log1p.name]) { node, context in
      if node.operation is Log1p {
        guard let inner = context.node(node.operand, Exp.name), !context.isNeverPositive(inner.operand)
        else { return nil }
        return try context.builder.softplus(inner.operand)
      }
      return try context.onePlusExp(node.operand).map { try context.builder.softplus($0) }
    },
  ]

  private static let smallArguments: [Rule] = [
    Rule("log1p", "log(1 + x) is log1p(x)", on: [Log.name]) { node, context in
      guard let inner = context.node(node.operand, Add.name) else { return nil }
      for side in 0...1 where context.isNumber(inner.inputs[side], 1) {
        return try context.shaped(context.builder.log1p(inner.inputs[1 - side]), like: node)
      }
      return nil
    },
    Rule("expm1", "exp(x) - 1 is expm1(x)", on: [Subtract.name, Add.name]) { node, context in
      let one: Double = node.operation is Add ? -1 : 1
      guard let inner = context.node(node.inputs[0], Exp.name), context.isNumber(node.inputs[1], one) else {
        return nil
      }
      return try context.shaped(context.builder.expm1(inner.operand), like: node)
    },
  ]
}
