import JacquardCore
import JacquardIR
import JacquardOps

// Trigonometry, the gamma function and other functions of one or two elements.

/// Tangent, of radians.
public func tan<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.tan($1) }
}

/// Inverse sine, in radians.
public func asin<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.asin($1) }
}

/// Inverse cosine, in radians.
public func acos<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.acos($1) }
}

/// Inverse tangent, in radians.
public func atan<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.atan($1) }
}

/// Hyperbolic sine.
public func sinh<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.sinh($1) }
}

/// Hyperbolic cosine.
public func cosh<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.cosh($1) }
}

/// Inverse hyperbolic sine.
public func asinh<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.asinh($1) }
}

/// Inverse hyperbolic cosine.
public func acosh<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.acosh($1) }
}

/// Inverse hyperbolic tangent.
public func atanh<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.atanh($1) }
}

/// 1 - erf(x), exact where it is small.
public func erfc<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.erfc($1) }
}

/// Logarithm of the magnitude of the gamma function.
public func lgamma<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.lgamma($1) }
}

/// Derivative of lgamma.
public func digamma<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.digamma($1) }
}

/// Derivative of digamma; has no derivative itself.
public func trigamma<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.trigamma($1) }
}

/// 1 / x.
public func reciprocal<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.reciprocal($1) }
}

/// The next whole number towards zero.
public func truncate<S: TensorFloat>(_ x: Tensor<S>, file: String = #fileID, line: Int = #line) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.truncate($1) }
}

/// The angle of the point (b, a), in radians.
public func atan2<S: TensorFloat>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.atan2($1, $2) }
}

/// The float next to x in the direction of a target; the target itself where both are equal. It has no derivative.
public func nextAfter<S: TensorFloat>(
  _ x: Tensor<S>, toward target: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.binary(target, SourceSite(file: file, line: line)) { try $0.nextAfter($1, toward: $2) }
}

/// What a / b cut towards zero leaves, with the sign of a (C's fmod).
public func remainder<S>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.remainder($1, $2) }
}

/// a / b rounded down (Python's //).
public func floorDivide<S>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.floorDivide($1, $2) }
}

/// What a / b rounded down leaves, with the sign of b (Python's %).
public func floorMod<S>(
  _ a: Tensor<S>, _ b: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  a.binary(b, SourceSite(file: file, line: line)) { try $0.floorMod($1, $2) }
}
