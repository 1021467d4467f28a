import JacquardCore
import JacquardIR
import JacquardOps

/// Losses of classes.
enum ONNXLosses {
  static let all: [ONNXTranslator] = [
    .single("NegativeLogLikelihoodLoss", since: 12) { try loss($0, $0.input(0)) },
    ONNXTranslator("SoftmaxCrossEntropyLoss", since: 12, crossEntropy),
  ]

  private static func crossEntropy(_ node: ONNXNode) throws -> [ValueID?] {
    let logarithms = try node.builder.logSoftmax(node.input(0), axis: 1)
    return [try loss(node, logarithms), logarithms]
  }

  /// The negated logarithm of the label's class, weighted by class; labels to ignore count nothing.
  private static func loss(_ node: ONNXNode, _ logarithms: ValueID) throws -> ValueID {
    let (b, labels) = (node.builder, try node.input(1))
    let dtype = b.type(logarithms).dtype
    guard b.shape(logarithms).rank == b.shape(labels).rank + 1, b.shape(labels).rank >= 1 else {
      throw Diagnostic("labels \(b.type(labels)) do not fit \(b.type(logarithms))")
    }
    var (places, weights): (ValueID, ValueID?) = (labels, nil)
    var ignored: ValueID?
    if let value = try node.int("ignore_index") {
      let hit = try b.equal(labels, b.cast(b.constant(HostTensor(Int64(value))), b.type(labels).dtype))
      places = try b.select(hit, node.constant(0, like: labels), labels)
      ignored = hit
    }
    let zero = try node.constant(0, dtype)
    if let table = node.optional(2) { weights = try b.gather(table, places, axis: 0) }
    if let ignored {
      weights = try b.select(ignored, zero, weights ?? b.broadcast(node.constant(1, dtype), to: b.shape(labels)))
    }
    let picked = try b.takeAlongAxis(logarithms, b.expandDims(places, axis: 1), axis: 1)
    let loss = try b.negate(b.squeeze(picked, axis: 1))
    return try reduced(node, weights.map { try b.multiply(loss, $0) } ?? loss, weights)
  }

  private static func reduced(_ node: ONNXNode, _ loss: ValueID, _ weights: ValueID?) throws -> ValueID {
    let b = node.builder
    let axes = Array(0..<b.shape(loss).rank)
    switch try node.string("reduction", "mean") {
    case "none": return loss
    case "sum": return try b.sum(loss, axes: axes)
    case "mean":
      guard let weights else { return try b.mean(loss, axes: axes) }
      return try b.divide(b.sum(loss, axes: axes), b.sum(weights, axes: axes))
    case let other: throw Diagnostic("attribute 'reduction' is '\(other.prefix(40))'")
    }
  }
}
