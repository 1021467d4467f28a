import JacquardCore

/// In training sets each element to 0 with probability `rate` and divides the others by 1 - rate; else, and where the rate is 0, does
/// nothing.
public final class Dropout: Layer, UnaryModule {
  public let rate: Double

  public init(_ rate: Double = 0.5) { self.rate = rate }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      if rate == 0 { return x }
      if g.mode == .training { return dropout(x, rate: rate) }
      g.evaluationOnly.append("dropout '\(g.path)'")
      return x
    }
  }
}
