import JacquardCore
import JacquardIR
import JacquardKernels

/// Difference of two tensors.
public struct Subtract: ScalarFunctionOperation {
  public static let name = "subtract"
  public static let function = ScalarFunction.subtract
  public static let doc = OperationDoc(
    "Difference of two tensors.", formula: "a - b",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: ["integers wrap around"])

  public static let samples = [
    OperationSample(Subtract(), [.uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", -2, 2)]),
    OperationSample(Subtract(), [.uniform("f32[2,3,5]", -2, 2), .uniform("f32[3,1]", -2, 2)]),
    OperationSample(
      Subtract(), [.integers("i32[7]", -9, 9), .integers("i32[]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Subtract(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, Subtract(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if let a = x[0].integerBits, let b = x[1].integerBits { return .int(a &- b) }
    return .float(x[0].asDouble - x[1].asDouble)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    return try context.perInput { $0 == 0 ? g : try context.builder.negate(g) }
  }
}

extension GraphBuilder {
  /// Difference of two tensors.
  public func subtract(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Subtract(), a, b) }
}
