import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The inverse sine.
public struct Asin: ScalarFunctionOperation {
  public static let name = "asin"
  public static let function = ScalarFunction.asin
  public static let doc = OperationDoc(
    "The inverse sine.", formula: "y in -pi/2...pi/2 with sin y = x; dx = g / sqrt((1 - x) * (1 + x))",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "NaN outside -1...1; keeps the sign of a zero",
      "the derivative is infinite at -1 and 1",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Asin(), [.uniform("f32[3,5]", -0.8, 0.8)], ulps: 16)
  ]
  public static let violations = [
    OperationViolation(1, Asin(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(asin(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .cotangents([.value(try context.builder.multiply(context.cotangent(), context.inverseSineSlope()))])
  }
}

extension GraphBuilder {
  /// The inverse sine.
  public func asin(_ x: ValueID) throws -> ValueID { try apply(Asin(), x) }
}
