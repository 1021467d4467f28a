import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The inverse cosine.
public struct Acos: ScalarFunctionOperation {
  public static let name = "acos"
  public static let function = ScalarFunction.acos
  public static let doc = OperationDoc(
    "The inverse cosine.", formula: "y in 0...pi with cos y = x; dx = -g / sqrt((1 - x) * (1 + x))",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "NaN outside -1...1",
      "the derivative is infinite at -1 and 1",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Acos(), [.uniform("f32[3,5]", -0.8, 0.8)], ulps: 16)
  ]
  public static let violations = [
    OperationViolation(1, Acos(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(acos(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let slope = try context.builder.negate(context.inverseSineSlope())
    return .cotangents([.value(try context.builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The inverse cosine.
  public func acos(_ x: ValueID) throws -> ValueID { try apply(Acos(), x) }
}
