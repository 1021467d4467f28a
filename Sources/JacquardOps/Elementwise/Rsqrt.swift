import JacquardCore
import JacquardIR
import JacquardKernels

/// The reciprocal square root.
public struct Rsqrt: ScalarFunctionOperation {
  public static let name = "rsqrt"
  public static let function = ScalarFunction.rsqrt
  public static let doc = OperationDoc(
    "The reciprocal square root.", formula: "1 / sqrt(x); dx = -g / 2 * y^3",
    constraints: [ElementRule.floatDoc],
    conventions: ["rsqrt(0) = inf, rsqrt(-0) = -inf; NaN for x < 0"])

  public static let samples = [
    OperationSample(Rsqrt(), [.uniform("f32[3,5]", 0.2, 3)])
  ]
  public static let violations = [
    OperationViolation(1, Rsqrt(), ["i32[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(1 / x[0].asDouble.squareRoot())
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, y) = (context.builder, context.outputs[0])
    let cube = try builder.multiply(builder.multiply(y, y), y)
    let half = try builder.multiply(context.cotangent(), context.constant(-0.5))
    return .cotangents([.value(try builder.multiply(half, cube))])
  }
}

extension GraphBuilder {
  /// The reciprocal square root.
  public func rsqrt(_ x: ValueID) throws -> ValueID { try apply(Rsqrt(), x) }
}
