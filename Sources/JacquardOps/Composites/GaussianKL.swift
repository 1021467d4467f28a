import JacquardCore
import JacquardIR

/// The divergence of a normal distribution from the standard one. Operands: mean, logarithm of the variance.
public struct GaussianKL: PairLossOperation {
  public static let name = "gaussianKL"
  public static let doc = OperationDoc(
    "The divergence of a normal distribution from N(0, 1); operands mean, logarithm of the variance.",
    formula: "-(1 + v - m^2 - e^v) / 2 = (m^2 + (e^v - 1) - v) / 2 (https://arxiv.org/abs/1312.6114, appendix B)",
    constraints: PairLossRule.constraints, conventions: [LossReduction.convention])

  public static let samples = LossReduction.allCases.map { reduction in
    OperationSample(
      GaussianKL(reduction), [.uniform("f32[3,2,4]", -2, 2), .uniform("f32[3,2,4]", -2, 2)], ulps: 32)
  }
  public static let violations = [
    OperationViolation(1, GaussianKL(.mean), ["i32[2]", "i32[2]"]),
    OperationViolation(2, GaussianKL(.mean), ["f32[2]", "f32[3]"]),
  ]

  public let reduction: LossReduction

  /// The divergence, reduced in this way.
  public init(_ reduction: LossReduction) { self.reduction = reduction }

  public func losses(_ builder: GraphBuilder, _ a: ValueID, _ b: ValueID) throws -> ValueID {
    let spread = try builder.subtract(builder.expm1(b), b)
    let sum = try builder.add(builder.multiply(a, a), spread)
    return try builder.multiply(sum, builder.scalar(0.5, for: a))
  }
}

extension GraphBuilder {
  /// The divergence of N(mean, e^logVariance) from N(0, 1), reduced.
  public func gaussianKL(
    mean: ValueID, logVariance: ValueID, reduction: LossReduction = .mean
  ) throws -> ValueID {
    try apply(GaussianKL(reduction), mean, logVariance)
  }
}
