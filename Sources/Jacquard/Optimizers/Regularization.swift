import JacquardCore
import JacquardIR
import JacquardOps

/// A limit on gradients, applied before anything else.
public enum GradientClipping: Hashable, Sendable {
  /// All gradients times min(1, limit / (norm + 1e-6)), the norm over all parameters together
  /// (PyTorch's `clip_grad_norm_`).
  case globalNorm(Double)
  /// Each element to -limit ... limit.
  case value(Double)
}

/// A pull of the parameters to 0, added to the gradient after clipping.
public enum WeightDecay: Hashable, Sendable {
  /// Adds factor * p (PyTorch's `weight_decay`).
  case l2(Double)
  /// Adds factor * sign(p).
  case l1(Double)
}

extension GradientClipping {
  func apply(_ gradients: [ValueID], _ b: GraphBuilder) throws -> [ValueID] {
    switch self {
    case .value(let limit):
      return try gradients.map { gradient in
        let dtype = b.type(gradient).dtype
        return try b.clamp(try b.constant(-limit, dtype), gradient, try b.constant(limit, dtype))
      }
    case .globalNorm(let limit):
      guard let dtype = gradients.first.map({ b.type($0).dtype }) else { return [] }
      let norm = try b.sqrt(try squares(gradients, dtype, b))
      let safe = try b.add(norm, try b.constant(1e-6, dtype))
      let factor = try b.minimum(try b.constant(1, dtype), try b.divide(try b.constant(limit, dtype), safe))
      return try gradients.map { try b.multiply($0, try b.cast(factor, b.type($0).dtype)) }
    }
  }

  /// The sum of the squares of all elements.
  private func squares(_ gradients: [ValueID], _ dtype: DType, _ b: GraphBuilder) throws -> ValueID {
    let parts = try gradients.map { gradient in
      let axes = Array(0..<b.shape(gradient).rank)
      return try b.cast(try b.sum(try b.multiply(gradient, gradient), axes: axes), dtype)
    }
    return try parts.dropFirst().reduce(parts[0]) { try b.add($0, $1) }
  }
}

extension WeightDecay {
  func apply(_ gradient: ValueID, _ parameter: ValueID, _ b: GraphBuilder) throws -> ValueID {
    let dtype = b.type(parameter).dtype
    switch self {
    case .l2(let factor):
      return try b.add(gradient, try b.multiply(parameter, try b.constant(factor, dtype)))
    case .l1(let factor):
      return try b.add(gradient, try b.multiply(try b.sign(parameter), try b.constant(factor, dtype)))
    }
  }
}
