import JacquardCore
import JacquardIR
import JacquardKernels

/// The same values, through which no derivative passes.
public struct StopGradient: ElementwiseOperation {
  public static let name = "stopGradient"
  public static let operandCount = 1
  public static let doc = OperationDoc(
    "The same values, through which no derivative passes.", formula: "x",
    conventions: ["the derivative is 0"])

  public static let samples = [
    OperationSample(
      StopGradient(), [.uniform("f32[3,5]", -2, 2)], gradient: .none(reason: "differs from the true derivative")),
    OperationSample(StopGradient(), [.integers("i32[7]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations: [OperationViolation] = []

  /// The operation, which has no attributes.
  public init() {}

  public func elementType(_ operands: [DType]) -> DType? { operands[0] }

  public func evaluate(_ x: [Scalar]) -> Scalar { x[0] }

  public func emit(_ body: inout BodyBuilder, _ x: [Int]) -> Int { x[0] }

  public func gradient(_ context: GradientContext) throws -> Gradient { context.noDependence }
}

extension GraphBuilder {
  /// The same values, through which no derivative passes.
  public func stopGradient(_ x: ValueID) throws -> ValueID { try apply(StopGradient(), x) }
}
