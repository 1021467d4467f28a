import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The hyperbolic sine.
public struct Sinh: ScalarFunctionOperation {
  public static let name = "sinh"
  public static let function = ScalarFunction.sinh
  public static let doc = OperationDoc(
    "The hyperbolic sine.", formula: "(e^x - e^-x) / 2; dx = g * cosh x",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "keeps infinities and the sign of a zero",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Sinh(), [.uniform("f32[3,5]", -2, 2)])
  ]
  public static let violations = [
    OperationViolation(1, Sinh(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(sinh(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let slope = try context.builder.cosh(context.inputs[0])
    return .cotangents([.value(try context.builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The hyperbolic sine.
  public func sinh(_ x: ValueID) throws -> ValueID { try apply(Sinh(), x) }
}
