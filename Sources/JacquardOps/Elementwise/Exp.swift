import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The exponential.
public struct Exp: ScalarFunctionOperation {
  public static let name = "exp"
  public static let function = ScalarFunction.exp
  public static let doc = OperationDoc(
    "The exponential.", formula: "e^x; dx = g * y",
    constraints: [ElementRule.floatDoc])

  public static let samples = [
    OperationSample(Exp(), [.uniform("f32[3,5]", -3, 3)])
  ]
  public static let violations = [
    OperationViolation(1, Exp(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(exp(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    return .cotangents([.value(try context.builder.multiply(g, context.outputs[0]))])
  }
}

extension GraphBuilder {
  /// The exponential.
  public func exp(_ x: ValueID) throws -> ValueID { try apply(Exp(), x) }
}
