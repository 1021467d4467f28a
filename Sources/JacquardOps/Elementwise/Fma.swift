import JacquardCore
import JacquardIR
import JacquardKernels

/// Product plus a third value, rounded once.
public struct Fma: ScalarFunctionOperation {
  public static let name = "fma"
  public static let function = ScalarFunction.fma
  public static let doc = OperationDoc(
    "Product plus a third value, rounded once.", formula: "a * b + c",
    constraints: [ElementRule.numericDoc, ElementRule.broadcastDoc],
    conventions: ["integers wrap around"])

  public static let samples = [
    OperationSample(Fma(), [.uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", -2, 2)]),
    OperationSample(Fma(), [.uniform("f32[2,3,5]", -2, 2), .uniform("f32[]", -2, 2), .uniform("f32[3,1]", -2, 2)]),
    OperationSample(
      Fma(), [.integers("i32[7]", -9, 9), .integers("i32[7]", -9, 9), .integers("i32[]", -9, 9)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Fma(), ["f32[2]", "f32[2]", "f64[2]"]),
    OperationViolation(2, Fma(), ["f32[2]", "f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    if let a = x[0].integerBits, let b = x[1].integerBits, let c = x[2].integerBits { return .int(a &* b &+ c) }
    return .float(x[2].asDouble.addingProduct(x[0].asDouble, x[1].asDouble))
  }

  /// In f32 the sum is rounded to f32 at once: by way of f64 it would be rounded twice.
  public func evaluate(_ x: [Scalar], as dtype: DType) -> Scalar {
    if dtype != .f32 { return evaluate(x) }
    return .float(Double(Float(x[2].asDouble).addingProduct(Float(x[0].asDouble), Float(x[1].asDouble))))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let g = try context.cotangent()
    return try context.perInput { $0 == 2 ? g : try context.builder.multiply(g, context.inputs[1 - $0]) }
  }
}

extension GraphBuilder {
  /// `a * b + c`, rounded once.
  public func fma(_ a: ValueID, _ b: ValueID, _ c: ValueID) throws -> ValueID { try apply(Fma(), a, b, c) }
}
