import JacquardCore
import JacquardIR
import JacquardOps

/// Attention with a state instead of a cache: a scan over the positions.
enum ONNXLinearAttention {
  static let all: [ONNXTranslator] = [
    ONNXTranslator("LinearAttention", since: 27) { try LinearAttentionNode($0).results() }
  ]
}

private struct LinearAttentionNode {
  private let node: ONNXNode
  private let heads: Int
  private let groups: Int
  private let dtype: DType
  /// What is computed in: f32 at least.
  private let wide: DType
  private var b: GraphBuilder { node.builder }

  init(_ node: ONNXNode) throws {
    self.node = node
    guard let heads = try node.int("q_num_heads"), let groups = try node.int("kv_num_heads"), groups > 0, heads > 0,
      heads % groups == 0
    else { throw Diagnostic("attributes 'q_num_heads' and 'kv_num_heads' are missing or do not fit") }
    (self.heads, self.groups, dtype) = (heads, groups, try node.dtype(0))
    wide = dtype.byteSize < 4 ? .f32 : dtype
  }

  /// [batch, positions, heads * size] as [positions, batch, heads, size].
  private func steps(_ index: Int, _ heads: Int) throws -> ValueID {
    let shape = try node.shape(index)
    guard shape.rank == 3, let size = try shape[2].dividedExactly(by: Dim(heads)) else {
      throw Diagnostic("input \(index) of shape \(shape) does not divide into \(heads) heads")
    }
    let parts = try b.reshape(node.input(index), Shape([shape[0], shape[1], Dim(heads), size]))
    return try b.transpose(b.cast(parts, wide), [1, 0, 2, 3])
  }

  func results() throws -> [ValueID?] {
    let rule = try node.string("update_rule", "gated_delta")
    guard ["linear", "gated", "delta", "gated_delta"].contains(rule) else {
      throw Diagnostic("attribute 'update_rule' is '\(rule.prefix(40))'")
    }
    let (isGated, isDelta) = (rule.hasPrefix("gated"), rule.hasSuffix("delta"))
    guard (node.optional(4) != nil) == isGated, (node.optional(5) != nil) == isDelta else {
      throw Diagnostic("update rule \(rule) takes other inputs than those given for decay and beta")
    }
    let (q, k, v) = (try steps(0, heads), try steps(1, groups), try steps(2, groups))
    let (size, width) = (b.shape(k)[3], b.shape(v)[3])
    guard b.shape(q)[3] == size, let known = size.value, known > 0 else {
      throw Diagnostic("queries and keys have different or unknown sizes")
    }
    let stated = try node.float("scale", 0)
    let scale = stated == 0 ? 1 / Double(known).squareRoot() : stated
    let stateShape = Shape([b.shape(k)[1], Dim(groups), size, width])
    let start = try node.optional(3).map { try b.cast($0, wide) } ?? b.zeros(stateShape, wide)
    var inputs = [q, k, v]
    if isGated { inputs.append(try b.exp(steps(4, groups))) }
    if isDelta { inputs.append(try steps(5, node.shape(5)[2].isOne ? 1 : groups)) }
    let results = try b.scan([start], over: inputs) { inner, c, x, _ in
      let state = try next(inner, c[0], x, decay: isGated ? x[3] : nil, beta: isDelta ? x[isGated ? 4 : 3] : nil)
      return ([state], [try read(inner, x[0], state)])
    }
    let scaled = try b.multiply(results.outputs[0], b.constant(scale, wide))
    let turned = try b.transpose(scaled, [1, 0, 2, 3])
    let output = try b.reshape(turned, Shape([b.shape(q)[1], b.shape(q)[0], Dim(heads).times(width)]))
    let state = node.optional(3).map { b.type($0).dtype } ?? dtype
    return [try b.cast(output, dtype), try b.cast(results.carries[0], state)]
  }

  /// The state [batch, groups, size, width], decayed, with k (x) v added; v is corrected by what the state holds for k.
  private func next(
    _ b: GraphBuilder, _ state: ValueID, _ x: [ValueID], decay: ValueID?, beta: ValueID?
  ) throws -> ValueID {
    let kept = try decay.map { try b.multiply(state, b.expandDims($0, axis: 3)) } ?? state
    func retrieved() throws -> ValueID {
      try b.dot(x[1], kept, lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContracting: [2], rhsContracting: [2])
    }
    let value = try beta.map { try b.multiply($0, b.subtract(x[2], retrieved())) } ?? x[2]
    return try b.add(kept, b.multiply(b.expandDims(x[1], axis: 3), b.expandDims(value, axis: 2)))
  }

  /// Queries [batch, heads, size] of the heads that share a group, times its state.
  private func read(_ b: GraphBuilder, _ q: ValueID, _ state: ValueID) throws -> ValueID {
    let dims = b.shape(q).dims
    let grouped = try b.reshape(q, Shape([dims[0], Dim(groups), Dim(heads / groups), dims[2]]))
    let result = try b.dot(
      grouped, state, lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContracting: [3], rhsContracting: [2])
    return try b.reshape(result, Shape([dims[0], Dim(heads), b.shape(state)[3]]))
  }
}
