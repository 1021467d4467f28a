import JacquardCore
import JacquardIR
import JacquardOps

extension RuleSet {
  /// Values that are known beforehand are computed beforehand, by the operation's own reference.
  public static let folding = RuleSet(
    "fold",
    [
      Rule(
        "foldConstants",
        "an operation on constants is a constant, unless it would take more memory than its operands and the budget",
        roots: .matching { !RewriteContext.kept.contains(type(of: $0).name) }
      ) { node, context in
        try context.folded(node)
      }
    ])
}

extension RewriteContext {
  /// Operations that are small to compute and large to store, or that must stay.
  fileprivate static let kept: Set<String> = [
    Constant.name, Broadcast.name, Iota.name, Barrier.name, RandomUniform.name, RandomNormal.name, RandomBernoulli.name,
    StopGradient.name,
  ]

  fileprivate mutating func folded(_ node: Node) throws -> [ValueID]? {
    if !node.graphs.isEmpty { return nil }
    if node.inputs.isEmpty && node.operationName != Dimension.name { return nil }
    var operands: [HostTensor] = []
    for input in node.inputs {
      guard let constant = self.node(input)?.typed(Constant.self) else { return nil }
      operands.append(constant.value.tensor)
    }
    let types = node.results.map(type)
    var size = 0
    for type in types {
      guard let bytes = try type.byteCount() else { return nil }
      size += bytes
    }
    if size > max(foldingBudget, operands.reduce(0) { $0 + $1.byteCount }) { return nil }
    guard
      let values = try? node.operation.reference(ReferenceContext(operands, outputs: types, graphs: node.graphs))
    else { return nil }
    return try values.map { try builder.constant($0) }
  }
}
