import JacquardCore

/// Self-attention and a feed-forward network, each added to its input after normalisation of that input (pre-norm), with exact GELU.
public struct TransformerEncoderLayer: Module {
  let norm1: LayerNorm
  let attention: MultiHeadAttention
  let norm2: LayerNorm
  let linear1: Linear
  let linear2: Linear

  /// - Parameters:
  ///   - size: of the vectors. - hidden: width of the feed-forward network.
  public init(_ size: Int, heads: Int, hidden: Int) {
    norm1 = LayerNorm(size)
    attention = MultiHeadAttention(size, heads: heads)
    norm2 = LayerNorm(size)
    linear1 = Linear(size, hidden)
    linear2 = Linear(hidden, size)
  }

  /// - Parameter x: `[N, T, size]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, causal: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    let attended = x + attention(norm1(x, file: file, line: line), causal: causal, file: file, line: line)
    let hidden = gelu(linear1(norm2(attended, file: file, line: line), file: file, line: line), file: file, line: line)
    return attended + linear2(hidden, file: file, line: line)
  }
}
