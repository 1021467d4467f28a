import JacquardCore
import JacquardIR
import JacquardKernels

/// Uniform draws in 0 ..< 1 from a key.
public struct RandomUniform: Operation {
  public static let name = "randomUniform"
  public static let doc = OperationDoc(
    "Uniform draws in 0 ..< 1 from a key.",
    formula: "f32: y = (word >> 8) * 2^-24; f64: y = ((high << 32 | low) >> 11) * 2^-53, from a pair of words",
    constraints: ["c1: \(RandomRules.keyDoc)", "c2: \(RandomRules.floatDoc)", "c3: \(RandomRules.shapeDoc)"],
    conventions: [
      RandomRules.streamConvention, "an f64 element uses words 2 (i mod 2) and the next of block i / 2",
      "does not depend on the key as far as derivatives go",
    ])

  public static let samples = [
    OperationSample(
      RandomUniform(shape: [3, 5], dtype: .f32), [RandomRules.sampleKey], gradient: RandomRules.noGradient, ulps: 0),
    OperationSample(
      RandomUniform(shape: [9], dtype: .f64), [RandomRules.sampleKey], gradient: RandomRules.noGradient, ulps: 0),
  ]
  public static let violations = [
    OperationViolation(1, RandomUniform(shape: [3], dtype: .f32), ["i32[3]"]),
    OperationViolation(2, RandomUniform(shape: [3], dtype: .i32), ["i32[2]"]),
    OperationViolation(3, RandomUniform(shape: [-3], dtype: .f32), ["i32[2]"]),
  ]

  /// The shape of the result.
  public var shape: [Dim]
  /// The element type of the result, floating.
  public var dtype: DType

  /// The attributes are checked where types are inferred (c2, c3).
  public init(shape: [Dim], dtype: DType) {
    self.shape = shape
    self.dtype = dtype
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireKey(context, 1)
    if !dtype.isFloat { throw violated(2, "not defined for \(dtype.rawValue)") }
    try requireNatural(shape, 3)
    return [TensorType(dtype, Shape(shape))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { .cotangents([.zero]) }

  public func lower(_ context: LoweringContext) throws { context.emitDraw(Self.name, .uniform) }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let key = RandomRules.philox(context.inputs[0])
    return [try RandomRules.values(context.outputs[0]) { key.uniform($0) }]
  }
}

extension GraphBuilder {
  /// Uniform draws in 0 ..< 1 from a key (i32[2]).
  public func uniform(key: ValueID, shape: Shape, dtype: DType) throws -> ValueID {
    try apply(RandomUniform(shape: shape.dims, dtype: dtype), key)
  }
}

extension RandomUniform: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.applyInTurn(self)
  }
}
