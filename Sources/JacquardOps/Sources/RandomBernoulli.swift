import JacquardCore
import JacquardIR
import JacquardKernels

/// Draws of true with a probability, from a key.
public struct RandomBernoulli: CompositeOperation {
  public static let name = "randomBernoulli"
  public static let doc = OperationDoc(
    "True with a probability, from a key.", formula: "y = uniform(key) < probability, compared in f32",
    constraints: [
      "c1: \(RandomRules.keyDoc)", "c2: probability lies in 0...1", "c3: \(RandomRules.shapeDoc)",
    ],
    conventions: [RandomRules.streamConvention, "the probability counts in steps of 2^-24"])

  public static let samples = [
    OperationSample(
      RandomBernoulli(shape: [4, 9], probability: 0.3), [RandomRules.sampleKey], gradient: RandomRules.noGradient),
    OperationSample(
      RandomBernoulli(shape: [5], probability: 1), [RandomRules.sampleKey], gradient: RandomRules.noGradient),
  ]
  public static let violations = [
    OperationViolation(1, RandomBernoulli(shape: [3], probability: 0.5), ["f32[2]"]),
    OperationViolation(2, RandomBernoulli(shape: [3], probability: 1.5), ["i32[2]"]),
    OperationViolation(2, RandomBernoulli(shape: [3], probability: .nan), ["i32[2]"]),
    OperationViolation(3, RandomBernoulli(shape: [-3], probability: 0.5), ["i32[2]"]),
  ]

  /// The shape of the result.
  public var shape: [Dim]
  /// Of true, in 0...1; it counts in steps of 2^-24.
  public var probability: Double

  /// The attributes are checked where types are inferred (c2, c3).
  public init(shape: [Dim], probability: Double) {
    self.shape = shape
    self.probability = probability
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireKey(context, 1)
    if !(0...1).contains(probability) { throw violated(2, "probability \(probability) is not in 0...1") }
    try requireNatural(shape, 3)
    return [TensorType(.bool, Shape(shape))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let draw = try builder.uniform(key: inputs[0], shape: Shape(shape), dtype: .f32)
    return [try builder.less(draw, builder.constant(probability, .f32))]
  }
}

extension GraphBuilder {
  /// True with a probability, from a key (i32[2]).
  public func bernoulli(key: ValueID, probability: Double, shape: Shape) throws -> ValueID {
    try apply(RandomBernoulli(shape: shape.dims, probability: probability), key)
  }
}
