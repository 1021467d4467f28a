import JacquardCore
import JacquardIR
import JacquardOps

/// Scaled dot-product attention, with caches, masks and windows.
enum ONNXAttention {
  static let all: [ONNXTranslator] = [ONNXTranslator("Attention", since: 23) { try AttentionNode($0).translate() }]
}

/// One attention; tensors are [batch, heads, positions, size].
private struct AttentionNode {
  let node: ONNXNode
  var b: GraphBuilder { node.builder }
  let q: ValueID
  let k: ValueID
  let v: ValueID
  let isFlat: Bool
  private let dtype: DType

  init(_ node: ONNXNode) throws {
    self.node = node
    dtype = try node.dtype(0)
    isFlat = try node.shape(0).rank == 3
    q = try AttentionNode.headed(node, 0, heads: "q_num_heads")
    k = try AttentionNode.joined(node, 4, AttentionNode.headed(node, 1, heads: "kv_num_heads"))
    v = try AttentionNode.joined(node, 5, AttentionNode.headed(node, 2, heads: "kv_num_heads"))
  }

  /// [batch, positions, heads * size] taken apart.
  private static func headed(_ node: ONNXNode, _ index: Int, heads: String) throws -> ValueID {
    let (b, shape) = (node.builder, try node.shape(index))
    if shape.rank == 4 { return try node.input(index) }
    guard shape.rank == 3, let count = try node.int(heads), count > 0,
      let size = try shape[2].dividedExactly(by: Dim(count))
    else { throw Diagnostic("input \(index) of shape \(shape) does not divide into heads") }
    let parts = try b.reshape(node.input(index), Shape([shape[0], shape[1], Dim(count), size]))
    return try b.transpose(parts, [0, 2, 1, 3])
  }

  /// After what a cache holds.
  private static func joined(_ node: ONNXNode, _ cache: Int, _ value: ValueID) throws -> ValueID {
    try node.optional(cache).map { try node.builder.concat([$0, value], axis: 2) } ?? value
  }

  func translate() throws -> [ValueID?] {
    if try isPlain() {
      let result = try b.attention(q, k, v, causal: node.flag("is_causal"), scale: node.float("scale", 0))
      return [try flattened(result), k, v, nil]
    }
    let logits = try softCapped(scores())
    let bias = try bias()
    let biased = try bias.map { try b.add(logits.capped, $0) } ?? logits.capped
    let weights = try weights(biased, bias)
    let result = try b.dot(
      weights, repeated(v), lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContracting: [3], rhsContracting: [2])
    let shown: ValueID
    switch try node.int("qk_matmul_output_mode", 0) {
    case 0: shown = logits.raw
    case 1: shown = logits.capped
    case 2: shown = biased
    default: shown = weights
    }
    return [try flattened(result), k, v, try b.broadcast(shown, to: b.shape(weights))]
  }

  /// Whether the graph's own operation has the same meaning: without a cache, nothing but causality between queries and keys, and no
  /// steps in between asked for or wider. (With a mask it gives NaN where a query attends to nothing; ONNX gives 0.)
  private func isPlain() throws -> Bool {
    let isOpen =
      try (3...6).allSatisfy { node.optional($0) == nil } && node.float("softcap", 0) <= 0
      && ["left_window_size", "right_window_size"].allSatisfy { try node.int($0, -1) < 0 }
    let isKnown = [q, k].allSatisfy { b.shape($0)[1].value != nil } && b.shape(q)[3].value != nil
    let precision = try node.dtype(attribute: "softmax_precision") ?? dtype
    let isUsual = (dtype == .f32 || dtype == .f64) && precision == dtype && !node.wants(3)
    return try isOpen && isKnown && isUsual && node.float("scale") != 0
  }

  private func flattened(_ value: ValueID) throws -> ValueID {
    guard isFlat else { return value }
    let dims = b.shape(value).dims
    return try b.reshape(b.transpose(value, [0, 2, 1, 3]), Shape([dims[0], dims[2], dims[1].times(dims[3])]))
  }

  // MARK: Scores

  /// Each head of keys and values serves several of queries.
  private func repeated(_ value: ValueID) throws -> ValueID {
    let (own, wanted) = (b.shape(value).dims, b.shape(q).dims[1])
    if own[1] == wanted { return value }
    guard let times = try wanted.dividedExactly(by: own[1]) else {
      throw Diagnostic("\(wanted) heads of queries for \(own[1]) of keys")
    }
    let spread = try b.reshape(value, Shape([own[0], own[1], 1, own[2], own[3]]))
    let filled = try b.broadcast(spread, to: Shape([own[0], own[1], times, own[2], own[3]]))
    return try b.reshape(filled, Shape([own[0], wanted, own[2], own[3]]))
  }

  /// Both factors are scaled by the root of the scale, so that narrow floats do not overflow.
  private func scores() throws -> ValueID {
    guard let size = b.shape(q)[3].value, size > 0 else { throw node.unsupported("with a head of no known size") }
    let scale = try node.constant((node.float("scale") ?? 1 / Double(size).squareRoot()).squareRoot(), dtype)
    return try b.dot(
      b.multiply(q, scale), b.multiply(repeated(k), scale), lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContracting: [3],
      rhsContracting: [3])
  }

  private func softCapped(_ scores: ValueID) throws -> (raw: ValueID, capped: ValueID) {
    let cap = try node.float("softcap", 0)
    if cap <= 0 { return (scores, scores) }
    let limit = try node.constant(cap, dtype)
    return (scores, try b.multiply(b.tanh(b.divide(scores, limit)), limit))
  }

  /// Softmax in the precision asked for; 0 in rows that attend to nothing.
  private func weights(_ biased: ValueID, _ bias: ValueID?) throws -> ValueID {
    let wide = try b.cast(biased, node.dtype(attribute: "softmax_precision") ?? dtype)
    guard let bias else { return try b.cast(b.softmax(wide, axis: 3), dtype) }
    let last = b.shape(bias).rank - 1
    let least = try b.reduceMax(bias, axes: [last], keepDims: true)
    let isEmpty = try b.equal(least, node.constant(-.infinity, dtype))
    let safe = try b.softmax(b.select(isEmpty, node.constant(0, like: wide), wide), axis: 3)
    return try b.cast(b.select(isEmpty, node.constant(0, like: safe), safe), dtype)
  }

  // MARK: Masks

  /// What is added to the scores: -inf where a query does not attend to a key.
  private func bias() throws -> ValueID? {
    var parts: [ValueID] = []
    if node.optional(3) != nil { parts.append(try mask()) }
    if let allowed = try allowed() {
      parts.append(try b.select(allowed, node.constant(0, dtype), node.constant(-.infinity, dtype)))
    }
    guard let first = parts.first else { return nil }
    return try parts.dropFirst().reduce(first) { try b.add($0, $1) }
  }

  /// A mask shorter than the keys allows no others.
  private func mask() throws -> ValueID {
    var mask = try node.input(3)
    if b.type(mask).dtype == .bool {
      mask = try b.select(mask, node.constant(0, dtype), node.constant(-.infinity, dtype))
    }
    let last = b.shape(mask).rank - 1
    guard last >= 0 else { throw Diagnostic("the mask has no axes") }
    let missing = try b.shape(k)[2].minus(b.shape(mask)[last])
    guard let count = missing.value, count > 0, !b.shape(mask)[last].isOne || count < 1 else { return mask }
    var high = [Dim](repeating: 0, count: last + 1)
    high[last] = missing
    return try b.pad(mask, low: high.map { _ in 0 }, high: high, interior: [], value: -.infinity)
  }

  /// The conjunction of causality, windows and the lengths of caches, as [positions, keys] or with batch and heads before.
  private func allowed() throws -> ValueID? {
    let plane = Shape([b.shape(q)[2], b.shape(k)[2]])
    let keys = try b.iota(plane, axis: 1, .i64)
    let distance = try b.subtract(b.add(b.iota(plane, axis: 0, .i64), offset()), keys)
    var parts: [ValueID] = []
    func bound(_ name: String) throws -> ValueID? {
      let size = try node.int(name, -1)
      return size < 0 ? nil : try b.constant(HostTensor(Int64(size)))
    }
    if try node.flag("is_causal") { parts.append(try b.greaterEqual(distance, node.constant(0, .i64))) }
    if let left = try bound("left_window_size") { parts.append(try b.lessEqual(distance, left)) }
    if let right = try bound("right_window_size") { parts.append(try b.lessEqual(b.negate(distance), right)) }
    if let lengths = try lengths() { parts.append(try b.less(keys, lengths)) }
    guard let first = parts.first else { return nil }
    return try parts.dropFirst().reduce(first) { try b.logicalAnd($0, $1) }
  }

  /// Valid keys of an external cache, one number a batch element.
  private func lengths() throws -> ValueID? {
    try node.optional(6).map { try b.reshape(b.cast($0, .i64), Shape([b.shape(q)[0], 1, 1, 1])) }
  }

  /// The position of the first query among the keys.
  private func offset() throws -> ValueID {
    if let past = node.optional(4) { return try b.dimension(b.shape(past)[2], .i64) }
    guard let lengths = try lengths() else { return try node.constant(0, .i64) }
    return try b.subtract(lengths, b.dimension(b.shape(q)[2], .i64))
  }
}
