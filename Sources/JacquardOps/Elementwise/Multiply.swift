import JacquardCore
import JacquardIR
import JacquardKernels

/// Product of two tensors, element by element.
public struct Multiply: ScalarFunctionOperation {
  public static let name = "multiply"
  public static let function = ScalarFunction.multiply
  public static let doc = OperationDoc(
    "Product of two tensors, element by element.", formula: "a * b",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: ["integers wrap around"])

  public static let samples = [
    OperationSample(Multiply(), [.uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", -2, 2)]),
    OperationSample(Multiply(), [.uniform("f32[2,3,5]", -2, 2), .uniform("f32[3,1]", -2, 2)]),
    OperationSample(
      Multiply(), [.integers("i32[7]", -9, 9), .integers("i32[]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Multiply(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, Multiply(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if let a = x[0].integerBits, let b = x[1].integerBits { return .int(a &* b) }
    return .float(x[0].asDouble * x[1].asDouble)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    return try context.perInput { try context.builder.multiply(g, context.inputs[1 - $0]) }
  }
}

extension GraphBuilder {
  /// Product of two tensors, element by element.
  public func multiply(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Multiply(), a, b) }
}
