import JacquardCore
import JacquardIR

/// Scaled dot-product attention (https://arxiv.org/abs/1706.03762).
public struct Attention: CompositeOperation {
  public static let name = "attention"
  public static let defaults = [
    AttributeField("causal", .bool(false)), AttributeField("masked", .bool(false)), AttributeField("scale", .float(0)),
  ]
  public static let doc = OperationDoc(
    "Scaled dot-product attention; operands q [batch, heads, T, d], k [batch, groups, S, d], v [batch, groups, S, e], a mask if masked.",
    formula: "softmax(scale * q k^T + mask) v over the S keys",
    constraints: [
      "c1: q, k and v have one floating type",
      "c2: q, k and v have 4 axes, one batch size, and sizes d and S that agree; there is a key",
      "c3: the groups divide the heads, and their numbers are known",
      "c4: scale is finite; 0 stands for 1/sqrt(d), and d is then a known number",
      "c5: a mask is bool (true: seen) or has the type of q (added), and broadcasts to [batch, heads, T, S]",
    ],
    conventions: [
      "heads in order share the keys of a group", "causal: query t sees keys up to t",
      "a query that sees no key gives NaN",
    ])

  public static let samples = [
    OperationSample(
      Attention(),
      [.uniform("f32[2,2,3,4]", -2, 2), .uniform("f32[2,2,5,4]", -2, 2), .uniform("f32[2,2,5,3]", -2, 2)], ulps: 64),
    OperationSample(
      Attention(causal: true),
      [.uniform("f32[1,4,4,3]", -2, 2), .uniform("f32[1,2,4,3]", -2, 2), .uniform("f32[1,2,4,3]", -2, 2)], ulps: 64),
    OperationSample(
      Attention(masked: true, scale: 0.3),
      [
        .uniform("f32[1,2,3,4]", -2, 2), .uniform("f32[1,1,3,4]", -2, 2), .uniform("f32[1,1,3,4]", -2, 2),
        .uniform("f32[3,3]", -1, 1),
      ], ulps: 64),
  ]
  private static let q: TensorType = "f32[2,4,3,8]"
  private static let k: TensorType = "f32[2,2,5,8]"
  public static let violations = [
    OperationViolation(1, Attention(), [q, k, "f64[2,2,5,8]"]),
    OperationViolation(2, Attention(), [q, "f32[2,2,5,7]", k]),
    OperationViolation(2, Attention(), [q, k, "f32[2,2,4,8]"]),
    OperationViolation(2, Attention(), [q, "f32[2,2,0,8]", "f32[2,2,0,8]"]),
    OperationViolation(3, Attention(), [q, "f32[2,3,5,8]", "f32[2,3,5,8]"]),
    OperationViolation(4, Attention(scale: .nan), [q, k, k]),
    OperationViolation(4, Attention(), ["f32[2,4,3,D]", "f32[2,2,5,D]", "f32[2,2,5,D]"]),
    OperationViolation(5, Attention(masked: true), [q, k, k, "f32[4,5]"]),
    OperationViolation(5, Attention(masked: true), [q, k, k, "i32[3,5]"]),
  ]

  /// Whether query t sees only keys up to t.
  public let causal: Bool
  /// Whether there is a fourth operand, the mask.
  public let masked: Bool
  /// Factor of the scores; 0 for 1/sqrt(d).
  public let scale: Double

  /// Attention to every key, with the usual scale, unless told otherwise; `scale` is checked where types are inferred
  /// (c4).
  public init(causal: Bool = false, masked: Bool = false, scale: Double = 0) {
    self.causal = causal
    self.masked = masked
    self.scale = scale
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    let types = context.inputs
    try requireOperands(masked ? 4 : 3, context)
    try require(1, ElementRule.float(types.prefix(3).map(\.dtype)) != nil, "q, k and v have types \(types.prefix(3))")
    let (q, k, v) = (types[0].shape, types[1].shape, types[2].shape)
    let ranks = [q, k, v].allSatisfy { $0.rank == 4 }
    try require(2, ranks, "shapes \(q), \(k) and \(v) do not have 4 axes each")
    let fits = q[0] == k[0] && k[0] == v[0] && k[1] == v[1] && q[3] == k[3] && k[2] == v[2] && k[2] != 0
    try require(2, fits, "shapes \(q), \(k) and \(v) do not fit")
    let whole = q[1].value.flatMap { heads in k[1].value.map { $0 > 0 && heads % $0 == 0 } } ?? false
    try require(3, whole, "\(k[1]) groups of keys do not serve \(q[1]) heads")
    try require(4, scale.isFinite && (scale != 0 || q[3].value != nil), "scale \(scale) for vectors of \(q[3])")
    if masked {
      let (mask, scores) = (types[3], Shape([q[0], q[1], q[2], k[2]]))
      let typed = mask.dtype == .bool || mask.dtype == types[0].dtype
      let spread = mask.shape.broadcast(with: scores) == scores
      try require(5, typed && spread, "mask \(mask) does not fit scores of shape \(scores)")
    }
    return [TensorType(types[0].dtype, Shape([q[0], q[1], q[2], v[3]]))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let weights = try weights(builder, inputs[0], inputs[1], mask: masked ? inputs[3] : nil)
    let v = try builder.serving(builder.shape(inputs[0])[1].value ?? 1, inputs[2])
    return [
      try builder.dot(weights, v, lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContracting: [3], rhsContracting: [2])
    ]
  }

  /// How much each query takes of each value, `[batch, heads, T, S]`.
  fileprivate func weights(_ builder: GraphBuilder, _ q: ValueID, _ k: ValueID, mask: ValueID?) throws -> ValueID {
    let (shape, k) = (builder.shape(q), try builder.serving(builder.shape(q)[1].value ?? 1, k))
    let factor = scale == 0 ? 1 / Double(shape[3].value ?? 1).squareRoot() : scale
    let scaled = try builder.multiply(q, builder.scalar(factor, for: q))
    var scores = try builder.dot(
      scaled, k, lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContracting: [3], rhsContracting: [3])
    if let mask { scores = try masked(builder, scores, mask) }
    if causal {
      let size = Shape([shape[2], builder.shape(k)[2]])
      let (query, key) = (try builder.iota(size, axis: 0, .i32), try builder.iota(size, axis: 1, .i32))
      scores = try masked(builder, scores, builder.lessEqual(key, query))
    }
    return try builder.softmax(scores, axis: 3)
  }

  private func masked(_ builder: GraphBuilder, _ scores: ValueID, _ mask: ValueID) throws -> ValueID {
    if builder.type(mask).dtype != .bool { return try builder.add(scores, mask) }
    return try builder.select(mask, scores, builder.scalar(-.infinity, for: scores))
  }
}

extension GraphBuilder {
  /// Keys or values with one group for each of `heads` heads.
  fileprivate func serving(_ heads: Int, _ x: ValueID) throws -> ValueID {
    let dims = shape(x).dims
    guard let groups = dims[1].value, groups != heads, groups > 0 else { return x }
    let spread = try reshape(x, Shape([dims[0], dims[1], 1, dims[2], dims[3]]))
    let repeated = try broadcast(spread, to: Shape([dims[0], dims[1], Dim(heads / groups), dims[2], dims[3]]))
    return try reshape(repeated, Shape([dims[0], Dim(heads), dims[2], dims[3]]))
  }

  /// Scaled dot-product attention.
  public func attention(
    _ q: ValueID, _ k: ValueID, _ v: ValueID, mask: ValueID? = nil, causal: Bool = false, scale: Double = 0
  ) throws -> ValueID {
    try append(Attention(causal: causal, masked: mask != nil, scale: scale), [q, k, v] + (mask.map { [$0] } ?? []))[0]
  }

  /// The weights by which attention mixes the values, before they are multiplied with them: where dropout acts.
  /// - Returns: `[batch, heads, T, S]`; a row adds up to 1.
  public func attentionWeights(
    _ q: ValueID, _ k: ValueID, mask: ValueID? = nil, causal: Bool = false, scale: Double = 0
  ) throws -> ValueID {
    let attention = Attention(causal: causal, masked: mask != nil, scale: scale)
    _ = try attention.inferTypes(TypeContext(([q, k, k] + (mask.map { [$0] } ?? [])).map { type($0) }))
    return try attention.weights(self, q, k, mask: mask)
  }
}
