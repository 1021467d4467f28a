import JacquardCore
import JacquardIR
import JacquardOps

extension RewriteContext {
  /// The number that every element of a value is, if that is known: a constant of one element, seen through broadcast,
  /// reshape and transpose.
  mutating func number(_ value: ValueID) -> Scalar? {
    var value = value
    while let node = node(value) {
      if let constant = node.typed(Constant.self) {
        let tensor = constant.value.tensor
        return tensor.count == 1 ? tensor[linear: 0] : nil
      }
      let kind = Swift.type(of: node.operation)
      guard kind == Broadcast.self || kind == Reshape.self || kind == Transpose.self else { return nil }
      value = node.inputs[0]
    }
    return nil
  }

  /// Whether every element of a value is this number. Not for NaN; -0 counts as 0.
  mutating func isNumber(_ value: ValueID, _ wanted: Double) -> Bool {
    switch number(value) {
    case .float(let found): found == wanted
    case .int(let found): Double(exactly: found) == wanted
    case .unsigned(let found): Double(exactly: found) == wanted
    case .bool(let found): (found ? 1 : 0) == wanted
    case nil: false
    }
  }

  mutating func isConstant(_ value: ValueID) -> Bool {
    guard let node = node(value) else { return false }
    return Swift.type(of: node.operation) == Constant.self || number(value) != nil
  }

  /// The value in the shape of a node's result. Only for shapes that broadcast to it.
  func shaped(_ value: ValueID, like node: Node) throws -> ValueID {
    try builder.broadcast(value, to: shape(node.results[0]))
  }

  /// A scalar of the type of a node's result.
  func scalar(_ value: Double, like node: Node) throws -> ValueID {
    try builder.constant(value, type(node.results[0]).dtype)
  }

  /// A value seen through `stopGradient`.
  mutating func behindStop(_ value: ValueID) -> ValueID {
    node(value, StopGradient.name)?.inputs[0] ?? value
  }

  /// Whether a dimension of a value has size 1, the axis counted as in a value of rank `rank` that it broadcasts to.
  func isConstantAlong(_ axis: Int, rank: Int, _ value: ValueID) -> Bool {
    let own = axis - (rank - shape(value).rank)
    return own < 0 || shape(value)[own].isOne
  }
}

extension Node {
  /// The operand of an operation with one, or the first.
  var operand: ValueID { inputs[0] }
}
