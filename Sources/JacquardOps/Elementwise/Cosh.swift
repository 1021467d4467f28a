import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The hyperbolic cosine.
public struct Cosh: ScalarFunctionOperation {
  public static let name = "cosh"
  public static let function = ScalarFunction.cosh
  public static let doc = OperationDoc(
    "The hyperbolic cosine.", formula: "(e^x + e^-x) / 2; dx = g * sinh x",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "inf for infinities of either sign",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Cosh(), [.uniform("f32[3,5]", -2, 2)])
  ]
  public static let violations = [
    OperationViolation(1, Cosh(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(cosh(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let slope = try context.builder.sinh(context.inputs[0])
    return .cotangents([.value(try context.builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The hyperbolic cosine.
  public func cosh(_ x: ValueID) throws -> ValueID { try apply(Cosh(), x) }
}
