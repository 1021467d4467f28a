import JacquardCore
import JacquardIR
import JacquardOps

/// Steps of optimisers. Inputs: learning rate, number of the step, then tensors, their gradients, and their states.
enum ONNXTraining {
  static let all: [ONNXTranslator] = [
    ONNXTranslator("ai.onnx.preview.training.Adagrad", since: 1) { try groups($0, states: 1, adagrad) },
    ONNXTranslator("ai.onnx.preview.training.Adam", since: 1) { try groups($0, states: 2, adam) },
    ONNXTranslator("ai.onnx.preview.training.Momentum", since: 1) { try groups($0, states: 1, momentum) },
  ]

  private typealias Step = (ONNXNode, _ x: ValueID, _ g: ValueID, _ states: [ValueID]) throws -> [ValueID]

  /// Results: all new tensors, then their states, kind by kind.
  private static func groups(_ node: ONNXNode, states: Int, _ step: Step) throws -> [ValueID?] {
    let values = try node.all()
    let kinds = states + 2
    guard values.count > 2, (values.count - 2) % kinds == 0 else {
      throw Diagnostic("\(values.count) inputs do not divide into tensors, gradients and states")
    }
    let count = (values.count - 2) / kinds
    let results = try (0..<count).map { index in
      let own = (0..<kinds).map { values[2 + $0 * count + index] }
      return try step(node, own[0], regularized(node, own[0], own[1]), Array(own[2...]))
    }
    return (0...states).flatMap { kind in results.map { $0[kind] } }
  }

  /// The gradient with that of the norm.
  private static func regularized(_ node: ONNXNode, _ x: ValueID, _ g: ValueID) throws -> ValueID {
    try node.builder.add(node.builder.multiply(number(node, "norm_coefficient", 0, x), x), g)
  }

  private static func number(_ node: ONNXNode, _ name: String, _ fallback: Double, _ x: ValueID) throws -> ValueID {
    try node.constant(node.float(name, fallback), like: x)
  }

  private static func rate(_ node: ONNXNode, _ x: ValueID) throws -> ValueID {
    try node.builder.reshape(node.builder.cast(node.input(0), node.builder.type(x).dtype), .scalar)
  }

  private static func step(_ node: ONNXNode, _ x: ValueID) throws -> ValueID {
    try node.builder.reshape(node.builder.cast(node.input(1), node.builder.type(x).dtype), .scalar)
  }

  private static func adagrad(_ node: ONNXNode, _ x: ValueID, _ g: ValueID, _ states: [ValueID]) throws -> [ValueID] {
    let (b, one) = (node.builder, try node.constant(1, like: x))
    let decay = try b.add(one, b.multiply(step(node, x), number(node, "decay_factor", 0, x)))
    let sum = try b.add(states[0], b.multiply(g, g))
    let root = try b.add(b.sqrt(sum), number(node, "epsilon", 1e-6, x))
    let change = try b.divide(b.multiply(b.divide(rate(node, x), decay), g), root)
    return [try b.subtract(x, change), sum]
  }

  /// A running mean with a factor.
  private static func mixed(_ node: ONNXNode, _ factor: Double, _ old: ValueID, _ new: ValueID) throws -> ValueID {
    let b = node.builder
    let kept = try b.multiply(node.constant(factor, like: old), old)
    return try b.add(kept, b.multiply(node.constant(1 - factor, like: new), new))
  }

  private static func adam(_ node: ONNXNode, _ x: ValueID, _ g: ValueID, _ states: [ValueID]) throws -> [ValueID] {
    let b = node.builder
    let (alpha, beta) = (try node.float("alpha", 0.9), try node.float("beta", 0.999))
    let first = try mixed(node, alpha, states[0], g)
    let second = try mixed(node, beta, states[1], b.multiply(g, g))
    let (t, one) = (try step(node, x), try node.constant(1, like: x))
    func missing(_ factor: Double) throws -> ValueID {
      try b.subtract(one, b.power(node.constant(factor, like: x), t))
    }
    let corrected = try b.divide(b.multiply(rate(node, x), b.sqrt(missing(beta))), missing(alpha))
    let isLater = try b.greater(t, node.constant(0, like: x))
    let root = try b.add(b.sqrt(second), number(node, "epsilon", 1e-6, x))
    let change = try b.multiply(b.select(isLater, corrected, rate(node, x)), b.divide(first, root))
    let kept = try b.subtract(one, number(node, "norm_coefficient_post", 0, x))
    return [try b.multiply(kept, b.subtract(x, change)), first, second]
  }

  private static func momentum(_ node: ONNXNode, _ x: ValueID, _ g: ValueID, _ states: [ValueID]) throws -> [ValueID] {
    let (b, alpha) = (node.builder, try number(node, "alpha", 0.9, x))
    let isLater = try b.greater(step(node, x), node.constant(0, like: x))
    let beta = try b.select(isLater, number(node, "beta", 1, x), node.constant(1, like: x))
    let velocity = try b.add(b.multiply(alpha, states[0]), b.multiply(beta, g))
    let change: ValueID
    switch try node.string("mode") {
    case "standard": change = velocity
    case "nesterov": change = try b.add(g, b.multiply(alpha, velocity))
    default: throw Diagnostic("attribute 'mode' is neither standard nor nesterov")
    }
    return [try b.subtract(x, b.multiply(rate(node, x), change)), velocity]
  }
}
