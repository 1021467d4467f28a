import JacquardCore
import JacquardIR
import JacquardOps

/// Another optimiser's step, then the soft threshold sign(p) max(|p| - rate * strength, 0).
///
/// With `SGD` this is ISTA, the proximal gradient method for loss + strength * sum |p|; parameters become exactly 0.
public struct ProximalL1<Base: Optimizer>: Optimizer {
  /// Makes the step that is then shrunk.
  public let base: Base
  /// The factor of the sum of magnitudes in what is minimised.
  public let strength: Double

  /// Shrinks what another optimiser's steps give.
  public init(_ base: Base, strength: Double) {
    self.base = base
    self.strength = strength
  }

  public var name: String { base.name }
  public var learningRate: LearningRate { base.learningRate }

  public func updated(_ p: OptimizedParameter) throws -> ValueID {
    let b = p.builder
    let moved = try base.updated(p)
    let threshold = try p.multiply(try p.learningRate(), strength)
    let size = try b.maximum(try b.subtract(try b.abs(moved), threshold), try p.constant(0))
    return try b.multiply(try b.sign(moved), size)
  }
}
