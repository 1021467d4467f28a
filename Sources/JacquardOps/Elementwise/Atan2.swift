import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The angle of the point (b, a) from the positive first axis.
public struct Atan2: ScalarFunctionOperation {
  public static let name = "atan2"
  public static let function = ScalarFunction.atan2
  public static let doc = OperationDoc(
    "The angle of the point (b, a) from the positive first axis.",
    formula:
      "y in -pi...pi with tan y = a / b, in the quadrant of (b, a); da = g * b / (a^2 + b^2), db = -g * a / (a^2 + b^2)",
    constraints: [ElementRule.floatDoc, ElementRule.broadcastDoc],
    conventions: [
      "signed zeros and infinities as in C: atan2(0, -0) = pi",
      "both derivatives are 0 at the origin",
      "f32 is computed in double precision and rounded: at most 1 ulp",
    ])

  public static let samples = [
    OperationSample(Atan2(), [.signed("f32[3,4]", 0.3, 2), .signed("f32[3,4]", 0.3, 2)], ulps: 16),
    OperationSample(Atan2(), [.signed("f32[2,3,5]", 0.3, 2), .signed("f32[3,1]", 0.3, 2)], ulps: 16),
  ]
  public static let violations = [
    OperationViolation(1, Atan2(), ["f32[2]", "f64[2]"]),
    OperationViolation(2, Atan2(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.float(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .float(atan2(x[0].asDouble, x[1].asDouble))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, g) = (context.builder, try context.cotangent())
    let (a, b) = (context.inputs[0], context.inputs[1])
    let square = try builder.add(builder.multiply(a, a), builder.multiply(b, b))
    let isOrigin = try builder.equal(square, context.constant(0))
    // A divisor that is safe at any order of differentiation.
    let divisor = try builder.select(isOrigin, context.constant(1), square)
    return try context.perInput { k in
      let side = k == 0 ? b : try builder.negate(a)
      return try builder.multiply(g, builder.divide(side, divisor))
    }
  }
}

extension GraphBuilder {
  /// The angle of the point (b, a) from the positive first axis.
  public func atan2(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Atan2(), a, b) }
}
