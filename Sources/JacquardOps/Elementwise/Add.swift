import JacquardCore
import JacquardIR
import JacquardKernels

/// Sum of two tensors.
public struct Add: ScalarFunctionOperation {
  public static let name = "add"
  public static let function = ScalarFunction.add
  public static let doc = OperationDoc(
    "Sum of two tensors.", formula: "a + b",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: ["integers wrap around"])

  public static let samples = [
    OperationSample(Add(), [.uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", -2, 2)]),
    OperationSample(Add(), [.uniform("f32[2,3,5]", -2, 2), .uniform("f32[3,1]", -2, 2)]),
    OperationSample(
      Add(), [.integers("i32[7]", -9, 9), .integers("i32[]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Add(), ["f32[2]", "i32[2]"]),
    OperationViolation(2, Add(), ["f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if let a = x[0].integerBits, let b = x[1].integerBits { return .int(a &+ b) }
    return .float(x[0].asDouble + x[1].asDouble)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    return .cotangents([.value(g), .value(g)])
  }
}

extension GraphBuilder {
  /// Sum of two tensors, broadcast to one shape; integers wrap around.
  public func add(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Add(), a, b) }
}
