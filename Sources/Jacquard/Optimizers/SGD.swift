import JacquardCore
import JacquardIR
import JacquardOps

/// p - rate * g.
public struct SGD: Optimizer {
  public let name = "sgd"
  public let learningRate: LearningRate

  /// Steps of this size, which may depend on the number of finished steps.
  public init(learningRate: LearningRate) { self.learningRate = learningRate }

  public func updated(_ p: OptimizedParameter) throws -> ValueID {
    try p.builder.subtract(p.value, try p.builder.multiply(try p.learningRate(), p.gradient))
  }
}

/// b = momentum * b + g; p - rate * b (PyTorch's formula; b starts at 0).
public struct Momentum: Optimizer {
  public let name = "momentum"
  public let learningRate: LearningRate
  /// Decay of the velocity, in 0 ..< 1.
  public let momentum: Double

  /// Steps of this size, which may depend on the number of finished steps.
  public init(learningRate: LearningRate, momentum: Double = 0.9) {
    self.learningRate = learningRate
    self.momentum = momentum
  }

  public func updated(_ p: OptimizedParameter) throws -> ValueID {
    let velocity = try p.velocity(momentum)
    return try p.builder.subtract(p.value, try p.builder.multiply(try p.learningRate(), velocity))
  }
}

/// b = momentum * b + g; p - rate * (g + momentum * b) (PyTorch's formula; b starts at 0).
public struct Nesterov: Optimizer {
  public let name = "nesterov"
  public let learningRate: LearningRate
  /// Decay of the velocity, in 0 ..< 1.
  public let momentum: Double

  /// Steps of this size, which may depend on the number of finished steps.
  public init(learningRate: LearningRate, momentum: Double = 0.9) {
    self.learningRate = learningRate
    self.momentum = momentum
  }

  public func updated(_ p: OptimizedParameter) throws -> ValueID {
    let ahead = try p.builder.add(p.gradient, try p.multiply(try p.velocity(momentum), momentum))
    return try p.builder.subtract(p.value, try p.builder.multiply(try p.learningRate(), ahead))
  }
}

extension OptimizedParameter {
  fileprivate func velocity(_ momentum: Double) throws -> ValueID {
    try state("velocity") { try builder.add(try multiply($0, momentum), gradient) }
  }
}
