import JacquardCore
import JacquardIR

/// The squared difference of prediction and target.
public struct MeanSquaredError: PairLossOperation {
  public static let name = "meanSquaredError"
  public static let doc = OperationDoc(
    "The squared difference of prediction and target.", formula: "(prediction - target)^2",
    constraints: PairLossRule.constraints, conventions: [LossReduction.convention])

  public static let samples = LossReduction.allCases.map { reduction in
    OperationSample(
      MeanSquaredError(reduction), [.uniform("f32[3,2,4]", -2, 2), .uniform("f32[3,2,4]", -2, 2)], ulps: 16)
  }
  public static let violations = [
    OperationViolation(1, MeanSquaredError(.mean), ["f32[2]", "i32[2]"]),
    OperationViolation(2, MeanSquaredError(.mean), ["f32[2,1]", "f32[2]"]),
  ]

  public let reduction: LossReduction

  /// The loss, reduced in this way.
  public init(_ reduction: LossReduction) { self.reduction = reduction }

  public func losses(_ builder: GraphBuilder, _ a: ValueID, _ b: ValueID) throws -> ValueID {
    let difference = try builder.subtract(a, b)
    return try builder.multiply(difference, difference)
  }
}

extension GraphBuilder {
  /// The squared difference, reduced.
  public func meanSquaredError(
    _ prediction: ValueID, _ target: ValueID, reduction: LossReduction = .mean
  ) throws -> ValueID {
    try apply(MeanSquaredError(reduction), prediction, target)
  }
}
