import JacquardCore
import JacquardIR
import JacquardOps

/// Normalises each channel of `[N, channels, height, width]` over batch and space, then scales and shifts it with parameters `weight`
/// and `bias`.
///
/// In training it uses the batch's mean and variance and moves the states `running_mean` and `running_var` (the unbiased variance)
/// towards them by `momentum`; in evaluation it uses the states. Names, defaults and convention of momentum are PyTorch's.
public final class BatchNorm2d: Layer, UnaryModule {
  public let channels: Int
  /// Added to the variance.
  public let epsilon: Double
  /// The new statistics' share of the running ones.
  public let momentum: Double

  public init(_ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1) {
    self.channels = channels
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// - Parameter x: `[N, channels, height, width]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let shape: Shape = [Dim(channels)]
      let weight = g.parameter("weight", S.self, shape, Initializer(.ones))
      let bias = g.parameter("bias", S.self, shape, Initializer(.zeros))
      let mean = g.state("running_mean", S.self, shape, Initializer(.zeros))
      let variance = g.state("running_var", S.self, shape, Initializer(.ones))
      if g.mode == .training { return train(g, x, weight, bias, mean, variance) }
      g.evaluationOnly.append("batch norm '\(g.path)'")
      return g.emit([x, weight, bias, mean, variance], at: nil) { try $0.normalised($1, epsilon) }
    }
  }

  private func train<S: TensorFloat>(
    _ g: GraphContext, _ x: Tensor<S>, _ weight: Tensor<S>, _ bias: Tensor<S>, _ mean: Tensor<S>, _ variance: Tensor<S>
  ) -> Tensor<S> {
    let results: [Tensor<S>] = g.emitMany([x, weight, bias, mean, variance], at: nil, count: 3) { builder, v in
      let (y, batchMean, batchVariance) = try builder.batchNorm(v[0], scale: v[1], bias: v[2], epsilon: epsilon)
      let unbiased = try builder.unbiased(batchVariance, of: v[0])
      return [
        y, try builder.moved(v[3], to: batchMean, share: momentum),
        try builder.moved(v[4], to: unbiased, share: momentum),
      ]
    }
    g.update(mean, to: results[1])
    g.update(variance, to: results[2])
    return results[0]
  }
}

extension GraphBuilder {
  /// x, scale, bias, mean and variance of each channel: the normalised x.
  fileprivate func normalised(_ values: [ValueID], _ epsilon: Double) throws -> ValueID {
    let (x, rank) = (values[0], shape(values[0]).rank)
    let inverse = try rsqrt(add(values[4], constant(epsilon, type(x).dtype)))
    let factor = try alongChannels(multiply(inverse, values[1]), rank: rank)
    let centred = try subtract(x, alongChannels(values[3], rank: rank))
    return try add(multiply(centred, factor), alongChannels(values[2], rank: rank))
  }

  /// A population's variance times n / (n - 1), where each channel of x has n elements.
  fileprivate func unbiased(_ variance: ValueID, of x: ValueID) throws -> ValueID {
    let (dims, dtype) = (shape(x).dims, type(x).dtype)
    let count = try dims.dropFirst(2).reduce(dims[0]) { try $0.times($1) }
    let n = try dimension(count, dtype)
    return try multiply(variance, divide(n, subtract(n, constant(1, dtype))))
  }

  /// (1 - share) * old + share * new.
  fileprivate func moved(_ old: ValueID, to new: ValueID, share: Double) throws -> ValueID {
    let dtype = type(old).dtype
    return try add(multiply(old, constant(1 - share, dtype)), multiply(new, constant(share, dtype)))
  }
}
