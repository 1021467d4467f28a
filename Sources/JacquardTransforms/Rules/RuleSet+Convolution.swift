import JacquardCore
import JacquardIR
import JacquardOps

extension RuleSet {
  /// Convolutions that would multiply by zeros.
  static let convolutions: [Rule] = [
    Rule(
      "convOfSpreadInput",
      "the zeros between the elements of a spread input are not multiplied: each phase has its own kernel",
      on: [Conv.name]
    ) { node, context in
      guard let conv = node.operation as? Conv else { return nil }
      return try context.builder.convWithoutSpreading(conv, node.inputs[0], node.inputs[1], like: node.results[0])
    }
  ]
}
