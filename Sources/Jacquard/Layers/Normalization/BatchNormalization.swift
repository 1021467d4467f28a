import JacquardCore
import JacquardIR
import JacquardOps

/// What the batch norms share: normalises each channel of `[N, channels, ...]` over all other axes, then scales and shifts it.
struct BatchNormalization: Sendable {
  let channels: Int
  let epsilon: Double
  let momentum: Double
  /// The numbers of axes that the input may have.
  let ranks: ClosedRange<Int>

  func callAsFunction<S: TensorFloat>(_ g: GraphContext, _ x: Tensor<S>) -> Tensor<S> {
    let shape: Shape = [Dim(channels)]
    let weight = g.parameter("weight", S.self, shape, Initializer(.ones))
    let bias = g.parameter("bias", S.self, shape, Initializer(.zeros))
    let mean = g.state("running_mean", S.self, shape, Initializer(.zeros))
    let variance = g.state("running_var", S.self, shape, Initializer(.ones))
    if g.mode == .training { return train(g, x, weight, bias, mean, variance) }
    g.evaluationOnly.append("batch norm '\(g.path)'")
    return g.emit([x, weight, bias, mean, variance], at: nil) { builder, v in
      try check(builder.shape(v[0]))
      return try builder.batchNorm(v[0], scale: v[1], bias: v[2], mean: v[3], variance: v[4], epsilon: epsilon)
    }
  }

  private func train<S: TensorFloat>(
    _ g: GraphContext, _ x: Tensor<S>, _ weight: Tensor<S>, _ bias: Tensor<S>, _ mean: Tensor<S>, _ variance: Tensor<S>
  ) -> Tensor<S> {
    let results: [Tensor<S>] = g.emitMany([x, weight, bias, mean, variance], at: nil, count: 3) { builder, v in
      try check(builder.shape(v[0]))
      let (y, batchMean, batchVariance) = try builder.batchNorm(v[0], scale: v[1], bias: v[2], epsilon: epsilon)
      let unbiased = try builder.unbiased(batchVariance, of: v[0])
      return [
        y, try builder.moved(v[3], to: batchMean, share: momentum),
        try builder.moved(v[4], to: unbiased, share: momentum),
      ]
    }
    g.update(mean, to: results[1])
    g.update(variance, to: results[2])
    let count = g.state("num_batches_tracked", Int64.self, [])
    g.update(count, to: count + 1)
    return results[0]
  }

  private func check(_ shape: Shape) throws {
    if ranks.contains(shape.rank), shape[1] == Dim(channels) { return }
    let axes = ranks.count == 1 ? "\(ranks.lowerBound)" : "\(ranks.lowerBound) or \(ranks.upperBound)"
    throw Diagnostic("batch norm of \(channels) channels takes [batch, \(channels), ...] of \(axes) axes, not \(shape)")
  }

  /// PyTorch's names are Jacquard's.
  func pyTorchTensors(_ layer: any Layer) -> [PyTorchTensor] {
    ["weight", "bias"].map { layer.pyTorchTensor($0, [channels]) }
      + ["running_mean", "running_var"].map { layer.pyTorchTensor($0, [channels], role: .state) }
      + [layer.pyTorchCounter("num_batches_tracked")]
  }
}

extension GraphBuilder {
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
