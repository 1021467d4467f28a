import JacquardCore
import JacquardIR
import JacquardKernels

/// The bits moved to lower places.
public struct ShiftRight: ScalarFunctionOperation {
  public static let name = "shiftRight"
  public static let function = ScalarFunction.shiftRight
  public static let doc = OperationDoc(
    "The bits moved to lower places.", formula: "floor(a / 2^b)",
    constraints: [ElementRule.integerDoc, ElementRule.broadcastDoc],
    conventions: [
      "an amount that is negative or not less than the width moves every bit out",
      "signed numbers keep their sign, zeros move into others",
    ])

  public static let samples = [
    OperationSample(
      ShiftRight(), [.integers("i32[3,4]", -99, 99), .integers("i32[4]", -1, 40)], gradient: .none(reason: "integers")),
    OperationSample(
      ShiftRight(), [.integers("u8[7]", 0, 256), .integers("u8[]", 0, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, ShiftRight(), ["i32[2]", "u8[2]"]),
    OperationViolation(2, ShiftRight(), ["i32[2]", "i32[3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.integer(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    let amount = x[1].asInt
    let isInside = amount >= 0 && amount < 64
    if case .unsigned(let value) = x[0] { return .unsigned(isInside ? value >> UInt64(amount) : 0) }
    return .int(x[0].asInt >> (isInside ? amount : 63))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The bits moved to lower places.
  public func shiftRight(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(ShiftRight(), a, b) }
}
