import JacquardCore
import JacquardIR
import JacquardKernels

/// -1, 0 or 1 according to the sign.
public struct Sign: ScalarFunctionOperation {
  public static let name = "sign"
  public static let function = ScalarFunction.sign
  public static let doc = OperationDoc(
    "-1, 0 or 1 according to the sign.", formula: "sign(x)",
    constraints: [ElementRule.numericDoc],
    conventions: [
      "sign(0) = 0 and sign(-0) = -0; sign(NaN) is NaN",
      "the derivative is 0 everywhere, the step included",
    ])

  public static let samples = [
    OperationSample(Sign(), [.signed("f32[3,5]", 0.2, 2)], gradient: .firstOrder(reason: "piecewise constant")),
    OperationSample(Sign(), [.integers("i32[7]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Sign(), ["bool[2]"])
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { ElementRule.numeric(operands) }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    switch x[0] {
    case .int(let a): return .int(a.signum())
    case .unsigned(let a): return .unsigned(a.signum())
    default:
      let a = x[0].asDouble
      return .float(a > 0 ? 1 : a < 0 ? -1 : a)
    }
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    context.noDependence
  }
}

extension GraphBuilder {
  /// -1, 0 or 1 according to the sign.
  public func sign(_ x: ValueID) throws -> ValueID { try apply(Sign(), x) }
}
