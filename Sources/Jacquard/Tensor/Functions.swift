import JacquardCore
import JacquardIR
import JacquardOps

// Functions of one element each.

/// e to the power of each element.
public func exp<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.exp($1) }
}

/// exp(x) - 1, exact near 0.
public func expm1<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.expm1($1) }
}

/// Natural logarithm.
public func log<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.log($1) }
}

/// log(1 + x), exact near 0.
public func log1p<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.log1p($1) }
}

/// Square root.
public func sqrt<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.sqrt($1) }
}

/// 1 / sqrt(x).
public func rsqrt<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.rsqrt($1) }
}

/// Sine, of radians.
public func sin<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.sin($1) }
}

/// Cosine, of radians.
public func cos<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.cos($1) }
}

/// Hyperbolic tangent.
public func tanh<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.tanh($1) }
}

/// 1 / (1 + exp(-x)).
public func sigmoid<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.sigmoid($1) }
}

/// The error function.
public func erf<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.erf($1) }
}

/// The next whole number downwards.
public func floor<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.floor($1) }
}

/// The next whole number upwards.
public func ceil<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.ceil($1) }
}

/// The nearest whole number, halves to even.
public func round<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.round($1) }
}

/// max(x, 0).
public func relu<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.relu($1) }
}

/// x * sigmoid(x).
public func silu<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.silu($1) }
}

/// log(1 + exp(x)), without overflow.
public func softplus<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.softplus($1) }
}

/// Magnitude of each element.
public func abs<S>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.abs($1) }
}

/// -1, 0 or 1 (NaN stays).
public func sign<S>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.sign($1) }
}

/// x where positive, else slope * x.
public func leakyRelu<S: TensorFloat>(
  _ x: Tensor<S>, slope: Double = 0.01, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.leakyRelu($1, slope: slope) }
}

/// x where positive, else alpha * (exp(x) - 1).
public func elu<S: TensorFloat>(
  _ x: Tensor<S>, alpha: Double = 1, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.elu($1, alpha: alpha) }
}

/// x times the normal distribution function of x; `approximate` takes the form with tanh.
public func gelu<S: TensorFloat>(
  _ x: Tensor<S>, approximate: Bool = false, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.gelu($1, approximate: approximate) }
}

/// Each element of `a` to the power of `b`; broadcast.
public func pow<S>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.power($1, $2) }
}

/// Each element of `a` to the power of `b`; broadcast.
public func pow<S>(_ a: Tensor<S>, _ b: S, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  a.scalar(b, SourceSite(file: file, line: line)) { try $0.power($1, $2) }
}

/// The larger of two elements; NaN wins; broadcast.
public func max<S>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.maximum($1, $2) }
}

/// The larger of element and number; NaN wins; broadcast.
public func max<S>(_ a: Tensor<S>, _ b: S, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  a.scalar(b, SourceSite(file: file, line: line)) { try $0.maximum($1, $2) }
}

/// The smaller of two elements; NaN wins; broadcast.
public func min<S>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.minimum($1, $2) }
}

/// The smaller of element and number; NaN wins; broadcast.
public func min<S>(_ a: Tensor<S>, _ b: S, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  a.scalar(b, SourceSite(file: file, line: line)) { try $0.minimum($1, $2) }
}

/// a * b + c, rounded once.
public func fma<S: TensorFloat>(
  _ a: Tensor<S>, _ b: Tensor<S>, _ c: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.context.emit([a, b, c], at: SourceSite(file: file, line: line)) { try $0.fma($1[0], $1[1], $1[2]) }
}

/// Element-wise choice: `a` where the predicate is true, else `b`; broadcast.
public func select<S>(
  _ predicate: Tensor<Bool>, _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  predicate.context.emit([predicate, a, b], at: SourceSite(file: file, line: line)) {
    try $0.select($1[0], $1[1], $1[2])
  }
}

/// Each element limited to `low ... high`; NaN stays.
public func clamp<S>(
  _ x: Tensor<S>, low: S, high: S, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.clamp(try $0.scalar(low), $1, try $0.scalar(high)) }
}
