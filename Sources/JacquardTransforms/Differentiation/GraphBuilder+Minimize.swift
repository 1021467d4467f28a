import JacquardCore
import JacquardIR
import JacquardOps

extension GraphBuilder {
  /// The gradients of a scalar that is to be minimised, by way of a form of it that is safe to differentiate.
  ///
  /// The part of the graph that computes the scalar is canonicalised and stabilised, and composites without a gradient of
  /// their own are written out; then it is differentiated. So a hand-written `log(exp(x) / sum(exp(x)))` has the value
  /// and the gradient of `logSoftmax`.
  /// - Returns: the scalar in its new form (to be used as the output), and one gradient for each `wrt`.
  /// - Throws: as `gradients(of:withRespectTo:)`.
  public func minimize(
    _ value: ValueID, withRespectTo wrt: [ValueID]
  ) throws -> (value: ValueID, gradients: [ValueID]) {
    let stable = try stabilize([value], keeping: wrt)
    let form = stable.values[0]
    return (form, try gradients(of: form, withRespectTo: wrt))
  }

  /// The values in a form that is safe to differentiate.
  ///
  /// - Parameter kept: values that the new form depends on as the old one did.
  /// - Returns: the new values, and the names that their nodes take over from the old ones.
  func stabilize(
    _ values: [ValueID], keeping kept: [ValueID]
  ) throws -> (values: [ValueID], names: [NodeID: [Origin]]) {
    let before = origins
    defer { origins = before }
    var values = values
    var names: [NodeID: [Origin]] = [:]
    for rules in RuleSet.beforeDifferentiation {
      let source = graph
      let rewriter = Rewriter(self, rules, opaque: Set(kept), names: names)
      var map = [ValueID?](repeating: nil, count: source.valueCount)
      for value in source.inputValues + kept { map[value.index] = value }
      try rewriter.walk(source, source.needed(for: values, leaves: kept), &map)
      values = values.map { map[$0.index] ?? $0 }
      names = rewriter.names
    }
    return (values, names)
  }
}

extension Graph {
  /// The nodes to visit so that the values are computed: kept values with all that they need, but not rewritten.
  fileprivate func needed(for values: [ValueID], leaves: [ValueID]) -> [Bool] {
    ancestors(of: values, leaves: Set(leaves))
  }
}
