import Foundation
import JacquardCore
import JacquardIR

/// Turns pairs of elements by angles that grow with the position (https://arxiv.org/abs/2104.09864).
public struct RotaryEmbedding: CompositeOperation {
  public static let name = "rotaryEmbedding"
  public static let defaults = [
    AttributeField("base", .float(10000)), AttributeField("interleaved", .bool(false)),
  ]
  public static let doc = OperationDoc(
    "Turns pairs of elements of the last axis by angles that grow with the position; operands x [..., T, d], positions [T].",
    formula:
      "(a cos t - b sin t, a sin t + b cos t) for each pair (a, b) number i of d / 2, t = position * base^(-2 i / d)",
    constraints: [
      "c1: x has a floating type, the positions are i32 or i64",
      "c2: x has at least 2 axes; the positions have the last but one as their one axis",
      "c3: the last axis is a known, even number, not 0", "c4: base is finite and positive",
    ],
    conventions: [
      "pair i is elements i and i + d / 2 of the vector; if interleaved, elements 2 i and 2 i + 1",
      "no derivative reaches the positions",
    ])

  private static let positions: HostTensor = (try? HostTensor([0, 1, 5] as [Int32], [3])) ?? HostTensor(0 as Int32)

  public static let samples = [
    OperationSample(RotaryEmbedding(), [.uniform("f32[2,2,3,4]", -2, 2), .values(positions)], ulps: 64),
    OperationSample(
      RotaryEmbedding(base: 100, interleaved: true), [.uniform("f32[3,6]", -2, 2), .integers("i64[3]", 0, 9)],
      ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, RotaryEmbedding(), ["f32[3,4]", "f32[3]"]),
    OperationViolation(1, RotaryEmbedding(), ["i32[3,4]", "i32[3]"]),
    OperationViolation(2, RotaryEmbedding(), ["f32[4]", "i32[4]"]),
    OperationViolation(2, RotaryEmbedding(), ["f32[3,4]", "i32[4]"]),
    OperationViolation(3, RotaryEmbedding(), ["f32[3,5]", "i32[3]"]),
    OperationViolation(3, RotaryEmbedding(), ["f32[3,D]", "i32[3]"]),
    OperationViolation(4, RotaryEmbedding(base: 0), ["f32[3,4]", "i32[3]"]),
  ]

  /// Angles are position * base^(-2 i / d).
  public let base: Double
  /// Whether a pair is two neighbours, not an element of the first half and one of the second.
  public let interleaved: Bool

  /// The default is that of the paper. The number is checked where types are inferred (c4).
  public init(base: Double = 10000, interleaved: Bool = false) {
    self.base = base
    self.interleaved = interleaved
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (x, positions) = (context.inputs[0], context.inputs[1])
    let typed = x.dtype.isFloat && IndexRules.isIndex(positions.dtype)
    try require(1, typed, "not defined for \(x.dtype.rawValue) and positions of \(positions.dtype.rawValue)")
    let fits = x.shape.rank > 1 && positions.shape == Shape(x.shape.dims.suffix(2).prefix(1).map { $0 })
    try require(2, fits, "positions \(positions.shape) do not fit \(x.shape)")
    let width = x.shape[x.shape.rank - 1].value ?? 0
    try require(3, width > 0 && width % 2 == 0, "the last axis of \(x.shape) is no known even number")
    try require(4, base.isFinite && base > 0, "base \(base) is not finite and positive")
    return [x]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (x, dims) = (inputs[0], builder.shape(inputs[0]).dims)
    let rank = dims.count
    let half = (dims[rank - 1].value ?? 0) / 2
    // Neighbours lie along a last axis of 2, halves along a last but one.
    let pair = interleaved ? [Dim(half), 2] : [2, Dim(half)]
    let (split, axis) = (Shape(dims.dropLast() + pair), interleaved ? rank : rank - 1)
    let parts = try builder.reshape(x, split)
    let (a, b) = (
      try builder.slice(parts, axis: axis, from: 0, to: 1), try builder.slice(parts, axis: axis, from: 1, to: 2)
    )
    let angle = try angles(builder, inputs[1], half, axis: interleaved ? 2 : 1, builder.type(x).dtype)
    let (cosine, sine) = (try builder.cos(angle), try builder.sin(angle))
    let first = try builder.subtract(builder.multiply(a, cosine), builder.multiply(b, sine))
    let second = try builder.add(builder.multiply(a, sine), builder.multiply(b, cosine))
    return [try builder.reshape(builder.concat([first, second], axis: axis), Shape(dims))]
  }

  /// `[T, half]`, with an axis of 1 put in at `axis`.
  private func angles(
    _ builder: GraphBuilder, _ positions: ValueID, _ half: Int, axis: Int, _ dtype: DType
  ) throws -> ValueID {
    let places = try builder.reshape(builder.cast(positions, dtype), Shape(builder.shape(positions).dims + [1]))
    let number = try builder.iota([Dim(half)], axis: 0, dtype)
    let step = try builder.constant(-log(base) / Double(max(half, 1)), dtype)
    let frequency = try builder.exp(builder.multiply(number, step))
    return try builder.expandDims(builder.multiply(places, frequency), axis: axis)
  }
}

extension GraphBuilder {
  /// Turns pairs of elements of the last axis of x `[..., T, d]` by angles that grow with the positions `[T]`.
  public func rotaryEmbedding(
    _ x: ValueID, positions: ValueID, base: Double = 10000, interleaved: Bool = false
  ) throws -> ValueID {
    try apply(RotaryEmbedding(base: base, interleaved: interleaved), x, positions)
  }
}
