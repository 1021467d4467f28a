import JacquardCore
import JacquardIR
import JacquardKernels

/// Normal draws (mean 0, deviation 1) from a key (Box and Muller, 1958).
public struct RandomNormal: Operation {
  public static let name = "randomNormal"
  public static let doc = OperationDoc(
    "Normal draws (mean 0, deviation 1) from a key.",
    formula: "y = sqrt(-2 ln u1) * cos(2 pi u2) for even elements, sin for odd ones (Box and Muller, 1958), with "
      + "u1 = ((word0 >> 8) + 1) * 2^-24, u2 = (word1 >> 8) * 2^-24 of the pair's words",
    constraints: ["c1: \(RandomRules.keyDoc)", "c2: \(RandomRules.floatDoc)", "c3: \(RandomRules.shapeDoc)"],
    conventions: [RandomRules.streamConvention, "does not depend on the key as far as derivatives go"])

  public static let samples = [
    OperationSample(
      RandomNormal(shape: [3, 5], dtype: .f32), [RandomRules.sampleKey], gradient: RandomRules.noGradient, ulps: 16),
    OperationSample(
      RandomNormal(shape: [9], dtype: .f64), [RandomRules.sampleKey], gradient: RandomRules.noGradient, ulps: 16),
  ]
  public static let violations = [
    OperationViolation(1, RandomNormal(shape: [3], dtype: .f32), ["i64[2]"]),
    OperationViolation(2, RandomNormal(shape: [3], dtype: .u8), ["i32[2]"]),
    OperationViolation(3, RandomNormal(shape: [-3], dtype: .f32), ["i32[2]"]),
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

  public func lower(_ context: LoweringContext) throws { context.emitDraw(Self.name, .normal) }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let key = RandomRules.philox(context.inputs[0])
    return [try RandomRules.values(context.outputs[0]) { RandomNormal.draw(key, $0) }]
  }

  private static func draw(_ key: Philox, _ element: Int) -> Double {
    let (u1, u2) = key.normalPair(element)
    let (radius, angle) = (sqrt(-2 * log(u1)), 2 * Double.pi * u2)
    return radius * (element % 2 == 0 ? cos(angle) : sin(angle))
  }
}

extension GraphBuilder {
  /// Normal draws (mean 0, deviation 1) from a key (i32[2]).
  public func normal(key: ValueID, shape: Shape, dtype: DType) throws -> ValueID {
    try apply(RandomNormal(shape: shape.dims, dtype: dtype), key)
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension RandomNormal: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.applyInTurn(self)
  }
}
