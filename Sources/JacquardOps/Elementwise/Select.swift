import JacquardCore
import JacquardIR
import JacquardKernels

/// Chooses between two values element by element. Operands: predicate, value where true, value where false.
public struct Select: ScalarFunctionOperation {
  public static let name = "select"
  public static let function = ScalarFunction.select
  public static let doc = OperationDoc(
    "Chooses between two values; operands predicate, value where true, value where false.", formula: "p ? a : b",
    constraints: ["c1: the first operand is bool, the other two have one type", ElementRule.broadcastDoc],
    conventions: ["the cotangent goes to the chosen operand; the other one gets exactly 0"])

  public static let samples = [
    OperationSample(
      Select(), [.integers("bool[3,4]", 0, 2), .uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", -2, 2)],
      gradient: .firstOrder(reason: "linear")),
    OperationSample(
      Select(), [.integers("bool[3,1]", 0, 2), .uniform("f32[2,3,5]", -2, 2), .uniform("f32[]", -2, 2)],
      gradient: .firstOrder(reason: "linear")),
    OperationSample(
      Select(), [.integers("bool[7]", 0, 2), .integers("i32[7]", -9, 9), .integers("i32[7]", -9, 9)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Select(), ["i32[2]", "f32[2]", "f32[2]"]),
    OperationViolation(1, Select(), ["bool[2]", "f32[2]", "f64[2]"]),
    OperationViolation(2, Select(), ["bool[2]", "f32[2]", "f32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? {
    operands[0] == .bool && operands[1] == operands[2] ? operands[1] : nil
  }

  public func evaluate(_ x: [Scalar]) -> Scalar { x[0].asBool ? x[1] : x[2] }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, zero, g) = (context.builder, try context.constant(0), try context.cotangent())
    let predicate = context.inputs[0]
    return try context.perInput { k in
      if k == 0 { return nil }
      return k == 1 ? try builder.select(predicate, g, zero) : try builder.select(predicate, zero, g)
    }
  }
}

extension GraphBuilder {
  /// `a` where the predicate is true, else `b`.
  public func select(_ predicate: ValueID, _ a: ValueID, _ b: ValueID) throws -> ValueID {
    try apply(Select(), predicate, a, b)
  }
}
