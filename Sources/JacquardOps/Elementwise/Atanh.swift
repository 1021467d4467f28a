import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The inverse hyperbolic tangent.
public struct Atanh: ScalarFunctionOperation {
  public static let name = "atanh"
  public static let function = ScalarFunction.atanh
  public static let doc = OperationDoc(
    "The inverse hyperbolic tangent.", formula: "ln((1 + x) / (1 - x)) / 2; dx = g / ((1 - x) * (1 + x))",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "infinite at -1 and 1, NaN outside; keeps the sign of a zero",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Atanh(), [.uniform("f32[3,5]", -0.8, 0.8)])
  ]
  public static let violations = [
    OperationViolation(1, Atanh(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(atanh(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, x, g) = (context.builder, context.inputs[0], try context.cotangent())
    let one = try context.constant(1)
    let denominator = try b.multiply(b.subtract(one, x), b.add(one, x))
    return .cotangents([.value(try b.divide(g, denominator))])
  }
}

extension GraphBuilder {
  /// The inverse hyperbolic tangent.
  public func atanh(_ x: ValueID) throws -> ValueID { try apply(Atanh(), x) }
}
