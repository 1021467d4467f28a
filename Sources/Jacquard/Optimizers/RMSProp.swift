import JacquardCore
import JacquardIR
import JacquardOps

/// v = alpha v + (1 - alpha) g²; p - rate * g / (sqrt(v) + epsilon) (PyTorch's formula; v starts at 0).
public struct RMSProp: Optimizer {
  public let name = "rmsprop"
  public let learningRate: LearningRate
  /// Decay of the mean of squared gradients, in 0 ..< 1.
  public let alpha: Double
  /// Added to the root of that mean.
  public let epsilon: Double

  /// The defaults are PyTorch's.
  public init(learningRate: LearningRate = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8) {
    self.learningRate = learningRate
    self.alpha = alpha
    self.epsilon = epsilon
  }

  public func updated(_ p: OptimizedParameter) throws -> ValueID {
    let square = try p.builder.multiply(p.gradient, p.gradient)
    let v = try p.state("v") { try p.average($0, square, alpha) }
    let direction = try p.builder.divide(p.gradient, try p.add(try p.builder.sqrt(v), epsilon))
    return try p.builder.subtract(p.value, try p.builder.multiply(try p.learningRate(), direction))
  }
}
