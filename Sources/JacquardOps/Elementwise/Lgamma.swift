import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The logarithm of the magnitude of the gamma function.
public struct Lgamma: ScalarFunctionOperation {
  public static let name = "lgamma"
  public static let function = ScalarFunction.lgamma
  public static let doc = OperationDoc(
    "The logarithm of the magnitude of the gamma function.", formula: "ln |gamma(x)|; dx = g * digamma(x)",
    constraints: [ElementRule.floatDoc],
    conventions: [
      "inf at 0, at negative whole numbers and at infinities of either sign",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(
      Lgamma(), [.uniform("f32[3,5]", 0.5, 5)],
      ulps: 16),
    OperationSample(
      Lgamma(), [.uniform("f32[5]", -2.9, -2.1)],
      ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, Lgamma(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(lgamma(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let slope = try context.builder.digamma(context.inputs[0])
    return .cotangents([.value(try context.builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// The logarithm of the magnitude of the gamma function.
  public func lgamma(_ x: ValueID) throws -> ValueID { try apply(Lgamma(), x) }
}
