import JacquardCore
import JacquardIR

/// The smooth rectifier.
public struct Softplus: ActivationOperation {
  public static let name = "softplus"
  public static let doc = OperationDoc(
    "The smooth rectifier.", formula: "ln(1 + e^x) = log1p(e^-|x|) + max(x, 0); dx = g * sigmoid(x)",
    constraints: ["c1: the operand has a floating type"],
    conventions: ["never overflows", "NaN stays NaN"])

  public static let samples = [OperationSample(Softplus(), [.signed("f32[3,5]", 0.1, 4)])]
  public static let violations = [OperationViolation(1, Softplus(), ["i32[2]"])]

  /// The operation, which has no attributes.
  public init() {}

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let x = inputs[0]
    let tail = try builder.log1p(builder.exp(builder.negate(builder.abs(x))))
    return [try builder.add(tail, builder.maximum(x, builder.scalar(0, for: x)))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let slope = try context.builder.sigmoid(context.inputs[0])
    return .cotangents([.value(try context.builder.multiply(context.cotangent(), slope))])
  }
}

extension GraphBuilder {
  /// `ln(1 + e^x)`, without overflow.
  public func softplus(_ x: ValueID) throws -> ValueID { try apply(Softplus(), x) }
}
