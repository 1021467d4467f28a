import JacquardCore
import JacquardIR
import JacquardOps

/// Attention whose scores and weights pass through graphs that are attributes.
enum ONNXFlexAttention {
  static let all: [ONNXTranslator] = [.single("ai.onnx.preview.FlexAttention", since: 1, attention)]

  private static func attention(_ node: ONNXNode) throws -> ValueID {
    let (b, dtype) = (node.builder, try node.dtype(0))
    let (q, k, v) = (try node.shape(0), try node.shape(1), try node.shape(2))
    guard q.rank == 4, k.rank == 4, v.rank == 4, let size = q[3].value, size > 0,
      let shared = try q[1].dividedExactly(by: k[1])
    else { throw Diagnostic("shapes \(q), \(k) and \(v) are not those of queries, keys and values") }
    let wide = try node.dtype(attribute: "softmax_precision") ?? (dtype.byteSize < 4 ? .f32 : dtype)
    let root = try node.constant((node.float("scale") ?? 1 / Double(size).squareRoot()).squareRoot(), dtype)
    // Heads in order share the keys of a group.
    let grouped = Shape([q[0], k[1], shared, q[2], q[3]])
    let queries = try b.reshape(b.multiply(node.input(0), root), grouped)
    let scores = try b.dot(
      queries, b.multiply(node.input(1), root), lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContracting: [4],
      rhsContracting: [3])
    let whole = try b.cast(b.reshape(scores, Shape([q[0], q[1], q[2], k[2]])), wide)
    let weights = try modified(node, "prob_mod", b.softmax(modified(node, "score_mod", whole), axis: 3))
    let split = try b.reshape(weights, Shape([q[0], k[1], shared, q[2], k[2]]))
    let result = try b.dot(
      split, b.cast(node.input(2), wide), lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContracting: [4], rhsContracting: [2])
    return try b.cast(b.reshape(result, Shape([q[0], q[1], q[2], v[3]])), node.dtype(2))
  }

  private static func modified(_ node: ONNXNode, _ attribute: String, _ x: ValueID) throws -> ValueID {
    guard try node.graph(attribute: attribute) != nil else { return x }
    let results = try ONNXBody(node, attribute).inlined([x])
    guard results.count == 1, node.builder.type(results[0]) == node.builder.type(x) else {
      throw Diagnostic("graph '\(attribute)' does not give one tensor of its input's type")
    }
    return results[0]
  }
}
