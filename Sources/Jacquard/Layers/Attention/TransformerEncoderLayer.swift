import JacquardCore

/// Self-attention and a feed-forward network, each added to its input (https://arxiv.org/abs/1706.03762).
///
/// The defaults are the form in use today: normalisation before each branch, exact GELU, no dropout. PyTorch's
/// `nn.TransformerEncoderLayer` has `normFirst: false, activation: .relu, dropout: 0.1`. Sequences have the batch first.
public struct TransformerEncoderLayer: Module {
  let norm1: LayerNorm
  let attention: MultiHeadAttention
  let norm2: LayerNorm
  let linear1: Linear
  let linear2: Linear
  let dropout: Dropout
  let dropout1: Dropout
  let dropout2: Dropout
  public let normFirst: Bool
  public let activation: TransformerActivation

  /// - Parameters:
  ///   - size: of the vectors. - hidden: width of the feed-forward network.
  ///   - normFirst: whether a branch's input is normalised, not the sum.
  ///   - dropout: of both branches and inside the feed-forward network, in training; attention's weights have none.
  ///   - epsilon: added to the variance by the norms.
  public init(
    _ size: Int, heads: Int, hidden: Int, normFirst: Bool = true, activation: TransformerActivation = .gelu,
    dropout: Double = 0, epsilon: Double = 1e-5
  ) {
    norm1 = LayerNorm(size, epsilon: epsilon)
    attention = MultiHeadAttention(size, heads: heads)
    norm2 = LayerNorm(size, epsilon: epsilon)
    linear1 = Linear(size, hidden)
    linear2 = Linear(hidden, size)
    (self.dropout, dropout1, dropout2) = (Dropout(dropout), Dropout(dropout), Dropout(dropout))
    self.normFirst = normFirst
    self.activation = activation
  }

  public var pyTorchTensors: [PyTorchTensor] { pyTorchTensors(renaming: ["attention": "self_attn"]) }

  /// - Parameters:
  ///   - x: `[N, T, size]`.
  ///   - causal: whether position t sees positions up to t only.
  ///   - mask: true where a position is seen; broadcasts to `[N, heads, T, T]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, causal: Bool = false, mask: Tensor<Bool>? = nil, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    func branch(_ norm: LayerNorm, _ dropout: Dropout) -> TransformerBranch {
      TransformerBranch(norm: norm, dropout: dropout, normFirst: normFirst, file: file, line: line)
    }
    let attended = branch(norm1, dropout1)(x) { attention($0, causal: causal, mask: mask, file: file, line: line) }
    return branch(norm2, dropout2)(attended) { x in
      let hidden = activation(linear1(x, file: file, line: line), file: file, line: line)
      return linear2(dropout(hidden, file: file, line: line), file: file, line: line)
    }
  }
}
