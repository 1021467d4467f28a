import JacquardCore
import JacquardIR
import JacquardOps

// Activations beside those of Functions.swift.

/// x * hardSigmoid(x).
public func hardSwish<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.hardSwish($1) }
}

/// x * tanh(softplus(x)).
public func mish<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.mish($1) }
}

/// The exponential linear unit that keeps mean 0 and variance 1.
public func selu<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.selu($1) }
}

/// x / (1 + |x|).
public func softsign<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.softsign($1) }
}

/// log(sigmoid(x)), without overflow.
public func logSigmoid<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.logSigmoid($1) }
}

/// alpha * x + beta, limited to 0...1.
public func hardSigmoid<S: TensorFloat>(
  _ x: Tensor<S>, alpha: Double = 1.0 / 6, beta: Double = 0.5, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.hardSigmoid($1, alpha: alpha, beta: beta) }
}

/// x where positive, else alpha * (exp(x / alpha) - 1).
public func celu<S: TensorFloat>(
  _ x: Tensor<S>, alpha: Double = 1, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.celu($1, alpha: alpha) }
}

/// x where greater than alpha, else 0.
public func thresholdedRelu<S: TensorFloat>(
  _ x: Tensor<S>, alpha: Double = 1, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.thresholdedRelu($1, alpha: alpha) }
}

/// x where positive, else slope * x; the slope broadcasts to the shape of x.
public func prelu<S: TensorFloat>(
  _ x: Tensor<S>, slope: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.binary(slope, SourceSite(file: file, line: line)) { try $0.prelu($1, slope: $2) }
}
