import JacquardCore
import JacquardIR
import JacquardKernels

/// The bits turned round.
public struct BitwiseNot: ScalarFunctionOperation {
  public static let name = "bitwiseNot"
  public static let function = ScalarFunction.bitwiseNot
  public static let doc = OperationDoc(
    "The bits turned round.", formula: "~x",
    constraints: [ElementRule.integerDoc],
    conventions: [
      "booleans have logic of their own"
    ])

  public static let samples = [
    OperationSample(BitwiseNot(), [.integers("i32[7]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(BitwiseNot(), [.integers("u8[7]", 0, 256)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, BitwiseNot(), ["bool[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.integer(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    .int(~x[0].asInt)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// The bits turned round.
  public func bitwiseNot(_ x: ValueID) throws -> ValueID { try apply(BitwiseNot(), x) }
}
