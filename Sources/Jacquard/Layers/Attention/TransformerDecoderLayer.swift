import JacquardCore

/// Self-attention, attention to a memory and a feed-forward network, each added to its input (https://arxiv.org/abs/1706.03762).
///
/// The defaults are those of PyTorch's `nn.TransformerDecoderLayer`; models of today mostly ask for
/// `normFirst: true, activation: .gelu`. Sequences have the batch first.
public struct TransformerDecoderLayer: Module {
  let norm1: LayerNorm
  let attention: MultiHeadAttention
  let norm2: LayerNorm
  let crossAttention: MultiHeadAttention
  let norm3: LayerNorm
  let linear1: Linear
  let linear2: Linear
  let dropout: Dropout
  let dropout1: Dropout
  let dropout2: Dropout
  let dropout3: Dropout
  /// Whether a branch's input is normalised, not the sum.
  public let normFirst: Bool
  /// Between the two linear layers.
  public let activation: TransformerActivation

  /// - Parameters:
  ///   - size: of the vectors. - hidden: width of the feed-forward network.
  ///   - normFirst: whether a branch's input is normalised, not the sum.
  ///   - dropout: of the branches and inside the feed-forward network, in training, and of attention's weights.
  ///   - epsilon: added to the variance by the norms.
  ///   - bias: whether linear layers, attention and norms have biases.
  public init(
    _ size: Int, heads: Int, hidden: Int = 2048, normFirst: Bool = false, activation: TransformerActivation = .relu,
    dropout: Double = 0.1, epsilon: Double = 1e-5, bias: Bool = true
  ) {
    norm1 = LayerNorm(size, epsilon: epsilon, bias: bias)
    attention = MultiHeadAttention(size, heads: heads, dropout: dropout, bias: bias)
    norm2 = LayerNorm(size, epsilon: epsilon, bias: bias)
    crossAttention = MultiHeadAttention(size, heads: heads, dropout: dropout, bias: bias)
    norm3 = LayerNorm(size, epsilon: epsilon, bias: bias)
    linear1 = Linear(size, hidden, bias: bias)
    linear2 = Linear(hidden, size, bias: bias)
    self.dropout = Dropout(dropout)
    (dropout1, dropout2, dropout3) = (Dropout(dropout), Dropout(dropout), Dropout(dropout))
    self.normFirst = normFirst
    self.activation = activation
  }

  public var pyTorchTensors: [PyTorchTensor] {
    pyTorchTensors(renaming: ["attention": "self_attn", "crossAttention": "multihead_attn"])
  }

  /// - Parameters:
  ///   - x: `[N, T, size]`.
  ///   - memory: what the encoder gives, `[N, S, size]`.
  ///   - causal: whether position t of x sees positions of x up to t only.
  ///   - memoryMask: true where a position of the memory is seen; broadcasts to `[N, heads, T, S]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, memory: Tensor<S>, causal: Bool = false, memoryMask: Tensor<Bool>? = nil, file: String = #fileID,
    line: Int = #line
  ) -> Tensor<S> {
    func branch(_ norm: LayerNorm, _ dropout: Dropout) -> TransformerBranch {
      TransformerBranch(norm: norm, dropout: dropout, normFirst: normFirst, file: file, line: line)
    }
    let attended = branch(norm1, dropout1)(x) { attention($0, causal: causal, file: file, line: line) }
    let crossed = branch(norm2, dropout2)(attended) {
      crossAttention($0, memory: memory, mask: memoryMask, file: file, line: line)
    }
    return branch(norm3, dropout3)(crossed) { x in
      let hidden = activation(linear1(x, file: file, line: line), file: file, line: line)
      return linear2(dropout(hidden, file: file, line: line), file: file, line: line)
    }
  }
}
