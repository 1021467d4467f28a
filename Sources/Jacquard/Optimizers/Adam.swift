import Foundation
import JacquardCore
import JacquardIR
import JacquardOps

/// Adam (Kingma, Ba; 2015) as PyTorch computes it: epsilon is added outside the root.
///
/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
/// p - rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon).
public struct Adam: Optimizer {
  public let name = "adam"
  public let learningRate: LearningRate
  /// Decay of the mean of gradients, in 0 ..< 1.
  public let beta1: Double
  /// Decay of the mean of their squares, in 0 ..< 1.
  public let beta2: Double
  /// Added to the root of that mean.
  public let epsilon: Double

  /// The defaults are those of the paper, and PyTorch's.
  public init(
    learningRate: LearningRate = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  public func updated(_ p: OptimizedParameter) throws -> ValueID { try p.adam(p.value, self) }
}

/// Adam whose weight decay shrinks the parameters directly (Loshchilov, Hutter; 2019): p (1 - rate * weightDecay) first.
public struct AdamW: Optimizer {
  public let name = "adamw"
  /// The share of a parameter that a step takes away, at a rate of 1.
  public let weightDecay: Double
  private let adam: Adam

  /// The defaults are PyTorch's.
  public init(
    learningRate: LearningRate = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01
  ) {
    adam = Adam(learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon)
    self.weightDecay = weightDecay
  }

  public var learningRate: LearningRate { adam.learningRate }

  public func updated(_ p: OptimizedParameter) throws -> ValueID {
    let shrink = try p.builder.subtract(try p.constant(1), try p.multiply(try p.learningRate(), weightDecay))
    return try p.adam(try p.builder.multiply(p.value, shrink), adam)
  }
}

extension OptimizedParameter {
  /// Adam's step from a point.
  fileprivate func adam(_ start: ValueID, _ settings: Adam) throws -> ValueID {
    let m = try state("m") { try average($0, gradient, settings.beta1) }
    let square = try builder.multiply(gradient, gradient)
    let v = try state("v") { try average($0, square, settings.beta2) }
    let size = try builder.divide(try learningRate(), try correction(settings.beta1))
    let scale = try builder.divide(try constant(1), try builder.sqrt(try correction(settings.beta2)))
    let root = try add(try builder.multiply(try builder.sqrt(v), scale), settings.epsilon)
    return try builder.subtract(start, try builder.multiply(size, try builder.divide(m, root)))
  }

  /// 1 - beta^t, as -expm1(t log beta): exact in the first steps, where the difference is small.
  private func correction(_ beta: Double) throws -> ValueID {
    if beta <= 0 { return try constant(1) }
    return try builder.negate(try builder.expm1(try multiply(try stepNumber(), log(beta))))
  }
}
