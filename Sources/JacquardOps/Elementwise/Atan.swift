import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The inverse tangent.
public struct Atan: ScalarFunctionOperation {
  public static let name = "atan"
  public static let function = ScalarFunction.atan
  public static let doc = OperationDoc(
    "The inverse tangent.", formula: "y in -pi/2...pi/2 with tan y = x; dx = g / (1 + x^2)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "-pi/2 at -inf, pi/2 at inf, where the derivative is 0; keeps the sign of a zero",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Atan(), [.uniform("f32[3,5]", -3, 3)])
  ]
  public static let violations = [
    OperationViolation(1, Atan(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(atan(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, x, g) = (context.builder, context.inputs[0], try context.cotangent())
    let square = try b.add(b.multiply(x, x), context.constant(1))
    return .cotangents([.value(try b.divide(g, square))])
  }
}

extension GraphBuilder {
  /// The inverse tangent.
  public func atan(_ x: ValueID) throws -> ValueID { try apply(Atan(), x) }
}
