import JacquardCore
import JacquardIR
import JacquardKernels

/// Quotient of two tensors, element by element.
public struct Divide: ScalarFunctionOperation {
  public static let name = "divide"
  public static let function = ScalarFunction.divide
  public static let doc = OperationDoc(
    "Quotient of two tensors, element by element.", formula: "a / b; da = g / b, db = -(g / b) * (a / b)",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: ["integers are cut towards zero; x / 0 = 0, and the smallest integer / -1 is itself"])

  public static let samples = [
    OperationSample(Divide(), [.uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", 0.5, 2)]),
    OperationSample(Divide(), [.uniform("f32[2,3,5]", -2, 2), .uniform("f32[3,1]", 0.5, 2)]),
    OperationSample(
      Divide(), [.integers("i32[7]", -9, 9), .integers("i32[]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Divide(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, Divide(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if case .unsigned(let a) = x[0], case .unsigned(let b) = x[1] { return .unsigned(b == 0 ? 0 : a / b) }
    guard case .int(let a) = x[0], case .int(let b) = x[1] else { return .float(x[0].asDouble / x[1].asDouble) }
    return .int(b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let builder = context.builder
    let quotient = try builder.divide(context.cotangent(), context.inputs[1])
    return try context.perInput {
      $0 == 0 ? quotient : try builder.negate(builder.multiply(quotient, context.outputs[0]))
    }
  }
}

extension GraphBuilder {
  /// Quotient of two tensors, element by element.
  public func divide(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Divide(), a, b) }
}
