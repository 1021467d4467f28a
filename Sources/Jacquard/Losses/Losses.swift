import JacquardCore
import JacquardIR
import JacquardOps

/// How the losses of single elements (or of rows of classes) become one number: `.mean`, `.sum`, `.sumPerSample` (the sum
/// over all axes but the first, then the mean over the first), `.none`.
public typealias LossReduction = JacquardOps.LossReduction

/// The mean squared error: (prediction - target)², reduced.
public func mse<S: TensorFloat>(
  _ prediction: Tensor<S>, _ target: Tensor<S>, reduction: LossReduction = .mean,
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  prediction.binary(target, SourceSite(file: file, line: line)) {
    try $0.meanSquaredError($1, $2, reduction: reduction)
  }
}

/// The cross-entropy of softmax(logits) over the last axis and classes, reduced.
///
/// - Parameters:
///   - logits: `[..., classes]`.
///   - labels: The class of each row, an integer in `0 ..< classes`. Others end the step with an error.
public func crossEntropy<S: TensorFloat, I: TensorScalar & FixedWidthInteger>(
  logits: Tensor<S>, labels: Tensor<I>, reduction: LossReduction = .mean,
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  logits.binary(labels, SourceSite(file: file, line: line)) {
    try $0.crossEntropy(logits: $1, labels: $2, reduction: reduction)
  }
}

/// The cross-entropy of softmax(logits) over the last axis and probabilities of the same shape, reduced.
public func crossEntropy<S: TensorFloat>(
  logits: Tensor<S>, labels: Tensor<S>, reduction: LossReduction = .mean,
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  logits.binary(labels, SourceSite(file: file, line: line)) {
    try $0.crossEntropy(logits: $1, labels: $2, reduction: reduction)
  }
}

/// The binary cross-entropy of sigmoid(logits) and probabilities: softplus(x) - x y, reduced.
public func binaryCrossEntropyWithLogits<S: TensorFloat>(
  _ logits: Tensor<S>, _ labels: Tensor<S>, reduction: LossReduction = .mean,
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  logits.binary(labels, SourceSite(file: file, line: line)) {
    try $0.binaryCrossEntropyWithLogits(logits: $1, labels: $2, reduction: reduction)
  }
}

/// The Kullback-Leibler divergence of N(mean, exp(logVariance)) from N(0, 1), element by element, reduced.
public func gaussianKL<S: TensorFloat>(
  mean: Tensor<S>, logVariance: Tensor<S>, reduction: LossReduction = .mean,
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  mean.binary(logVariance, SourceSite(file: file, line: line)) {
    try $0.gaussianKL(mean: $1, logVariance: $2, reduction: reduction)
  }
}

/// |prediction - target|, reduced.
public func l1Loss<S: TensorFloat>(
  _ prediction: Tensor<S>, _ target: Tensor<S>, reduction: LossReduction = .mean,
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  prediction.binary(target, SourceSite(file: file, line: line)) { builder, a, b in
    try builder.reduced(try builder.abs(try builder.difference(a, b, "l1Loss")), reduction)
  }
}

/// Huber's loss: d² / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = prediction - target; reduced.
public func huber<S: TensorFloat>(
  _ prediction: Tensor<S>, _ target: Tensor<S>, delta: Double = 1, reduction: LossReduction = .mean,
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  prediction.binary(target, SourceSite(file: file, line: line)) { builder, a, b in
    let size = try builder.abs(try builder.difference(a, b, "huber"))
    let inner = try builder.minimum(size, try builder.constant(delta, S.dtype))
    let half = try builder.multiply(inner, try builder.constant(0.5, S.dtype))
    let loss = try builder.multiply(inner, try builder.subtract(size, half))
    return try builder.reduced(loss, reduction)
  }
}

extension GraphBuilder {
  /// a - b for two tensors of one shape: a loss that broadcast its operands would hide a mistake.
  fileprivate func difference(_ a: ValueID, _ b: ValueID, _ loss: String) throws -> ValueID {
    if shape(a) != shape(b) { throw Diagnostic("\(loss): shapes \(shape(a)) and \(shape(b)) differ") }
    return try subtract(a, b)
  }

  fileprivate func reduced(_ losses: ValueID, _ reduction: LossReduction) throws -> ValueID {
    let axes = Array(0..<shape(losses).rank)
    if axes.isEmpty { return losses }
    switch reduction {
    case .none: return losses
    case .mean: return try mean(losses, axes: axes)
    case .sum: return try sum(losses, axes: axes)
    case .sumPerSample:
      let samples = try dimension(shape(losses)[0], type(losses).dtype)
      return try divide(try sum(losses, axes: axes), samples)
    }
  }
}
