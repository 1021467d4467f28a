import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The natural logarithm.
public struct Log: ScalarFunctionOperation {
  public static let name = "log"
  public static let function = ScalarFunction.log
  public static let doc = OperationDoc(
    "The natural logarithm.", formula: "ln x; dx = g / x",
    constraints: [ElementRule.floatDoc],
    conventions: ["log(0) = -inf; NaN for x < 0"])

  public static let samples = [
    OperationSample(Log(), [.uniform("f32[3,5]", 0.2, 4)])
  ]
  public static let violations = [
    OperationViolation(1, Log(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(log(x[0].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    return .cotangents([.value(try context.builder.divide(g, context.inputs[0]))])
  }
}

extension GraphBuilder {
  /// The natural logarithm.
  public func log(_ x: ValueID) throws -> ValueID { try apply(Log(), x) }
}
