import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The tangent.
public struct Tan: ScalarFunctionOperation {
  public static let name = "tan"
  public static let function = ScalarFunction.tan
  public static let doc = OperationDoc(
    "The tangent.", formula: "sin x / cos x, x in radians; dx = g * (1 + y^2)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "NaN for infinities; keeps the sign of a zero",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Tan(), [.uniform("f32[3,5]", -1.2, 1.2)], ulps: 16)
  ]
  public static let violations = [
    OperationViolation(1, Tan(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(tan(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, y) = (context.builder, context.outputs[0])
    let slope = try b.add(b.multiply(y, y), context.constant(1))
    return .cotangents([.value(try b.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The tangent.
  public func tan(_ x: ValueID) throws -> ValueID { try apply(Tan(), x) }
}
