import JacquardCore

/// In training sets each element to 0 with probability `rate` and divides the others by 1 - rate; else, and where the rate is 0, does
/// nothing.
public final class Dropout: Layer, UnaryModule {
  /// The probability that an element becomes 0.
  public let rate: Double

  /// The default is PyTorch's.
  public init(_ rate: Double = 0.5) { self.rate = rate }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in acts(in: g) ? dropout(x, rate: rate) : x }
  }

  /// Whether the layer does anything in a graph. One for evaluation remembers that it leaves the dropout out.
  func acts(in g: GraphContext) -> Bool {
    if rate == 0 { return false }
    if g.mode == .training { return true }
    g.evaluationOnly.append("dropout '\(g.path)'")
    return false
  }
}
