import JacquardCore
import JacquardIR
import JacquardKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The first value to the power of the second.
public struct Power: ScalarFunctionOperation {
  public static let name = "power"
  public static let function = ScalarFunction.power
  public static let doc = OperationDoc(
    "The first value to the power of the second.",
    formula: "a^b; da = g * (b * a^(b - 1)), db = g * y * ln a where a > 0, else 0",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: [
      "floats as C's pow: a^0 = 1 and 1^b = 1 even for NaN; NaN for a < 0 and a broken exponent",
      "integers wrap around; to a negative exponent 0, but 1 for 1 and (-1)^b for -1",
      "the derivative with respect to a is 0 where b = 0, also at a = 0",
      "the derivative with respect to b is 0 where a <= 0 or a is NaN",
    ])

  public static let samples = [
    OperationSample(Power(), [.uniform("f32[3,4]", 0.3, 2), .uniform("f32[3,4]", -2, 2)]),
    OperationSample(Power(), [.uniform("f32[2,3,5]", 0.3, 2), .uniform("f32[3,1]", -2, 2)]),
    OperationSample(
      Power(), [.integers("i32[7]", -9, 9), .integers("i32[7]", -2, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Power(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, Power(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if case .int(let a) = x[0], case .int(let b) = x[1] {
      return .int(b < 0 ? Power.inverse(a, b) : Power.integer(a, UInt64(b)))
    }
    if case .unsigned(let b) = x[1] { return .int(Power.integer(x[0].asInt, b)) }
    return .float(pow(x[0].asDouble, x[1].asDouble))
  }

  /// Repeated squaring modulo 2^64; the caller cuts the result to its width, which changes nothing below.
  private static func integer(_ base: Int64, _ exponent: UInt64) -> Int64 {
    var (result, factor, rest): (Int64, Int64, UInt64) = (1, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* factor }
      factor = factor &* factor
      rest >>= 1
    }
    return result
  }

  private static func inverse(_ base: Int64, _ exponent: Int64) -> Int64 {
    base == 1 ? 1 : base == -1 ? (exponent & 1 == 0 ? 1 : -1) : 0
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    try context.perInput { $0 == 0 ? try baseCotangent(context) : try exponentCotangent(context) }
  }

  /// The exponent is changed where it is 0, not the result: so that no infinity appears that a zero would meet, at any
  /// order.
  private func baseCotangent(_ context: GradientContext) throws -> ValueID {
    let (builder, a, b) = (context.builder, context.inputs[0], context.inputs[1])
    let (zero, one) = (try context.constant(0), try context.constant(1))
    let exponent = try builder.select(builder.equal(b, zero), zero, builder.subtract(b, one))
    let slope = try builder.multiply(b, builder.power(a, exponent))
    return try builder.multiply(context.cotangent(), slope)
  }

  /// The logarithm is taken of a safe value, so that its own derivative is finite where the result is not used.
  private func exponentCotangent(_ context: GradientContext) throws -> ValueID {
    let (builder, a) = (context.builder, context.inputs[0])
    let (zero, one) = (try context.constant(0), try context.constant(1))
    let positive = try builder.greater(a, zero)
    let logarithm = try builder.log(builder.select(positive, a, one))
    let value = try builder.multiply(context.cotangent(), builder.multiply(context.outputs[0], logarithm))
    return try builder.select(positive, value, zero)
  }
}

extension GraphBuilder {
  /// The first value to the power of the second.
  public func power(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Power(), a, b) }
}
