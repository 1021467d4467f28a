import JacquardCore
import JacquardIR
import JacquardKernels

/// The bits moved to higher places.
public struct ShiftLeft: ScalarFunctionOperation {
  public static let name = "shiftLeft"
  public static let function = ScalarFunction.shiftLeft
  public static let doc = OperationDoc(
    "The bits moved to higher places.", formula: "a * 2^b",
    constraints: [ElementRule.integerDoc, ElementRule.broadcastDoc],
    conventions: [
      "an amount that is negative or not less than the width moves every bit out",
      "zeros move in",
    ])

  public static let samples = [
    OperationSample(
      ShiftLeft(), [.integers("i32[3,4]", -99, 99), .integers("i32[4]", -1, 40)], gradient: .none(reason: "integers")),
    OperationSample(
      ShiftLeft(), [.integers("u8[7]", 0, 256), .integers("u8[]", 0, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, ShiftLeft(), ["i32[2]", "u8[2]"]),
    OperationViolation(2, ShiftLeft(), ["i32[2]", "i32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.integer(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    let amount = x[1].asInt
    let isInside = amount >= 0 && amount < 64
    return .int(isInside ? x[0].asInt << amount : 0)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The bits moved to higher places.
  public func shiftLeft(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(ShiftLeft(), a, b) }
}
