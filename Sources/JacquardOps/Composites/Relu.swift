import JacquardCore
import JacquardIR

/// The rectifier: the positive part.
public struct Relu: ActivationOperation {
  public static let name = "relu"
  public static let doc = OperationDoc(
    "The positive part.", formula: "max(x, 0)", constraints: ["c1: the operand has a floating type"],
    conventions: ["NaN stays NaN", "the derivative at 0 is 0 (a plain maximum would split the tie)"])

  public static let samples = [
    OperationSample(
      Relu(), [.signed("f32[3,5]", 0.2, 2)], gradient: .firstOrder(reason: "piecewise linear"))
  ]
  public static let violations = [OperationViolation(1, Relu(), ["i32[2]"])]

  /// The operation, which has no attributes.
  public init() {}

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try builder.maximum(inputs[0], builder.scalar(0, for: inputs[0]))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, zero) = (context.builder, try context.constant(0))
    // The result is positive just where the operand is; looking at it lets the operand be forgotten.
    let positive = try builder.greater(context.outputs[0], zero)
    return .cotangents([.value(try builder.select(positive, context.cotangent(), zero))])
  }
}

extension GraphBuilder {
  /// `max(x, 0)`, whose derivative at 0 is 0.
  public func relu(_ x: ValueID) throws -> ValueID { try apply(Relu(), x) }
}
