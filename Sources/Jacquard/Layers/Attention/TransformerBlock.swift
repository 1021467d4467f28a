import JacquardCore

/// The function between the two linear layers of a transformer's feed-forward network.
public enum TransformerActivation: Sendable, Hashable, CaseIterable {
  /// max(x, 0), as in the first transformers.
  case relu
  /// The exact form.
  case gelu

  func callAsFunction<S: TensorFloat>(_ x: Tensor<S>, file: String, line: Int) -> Tensor<S> {
    switch self {
    case .relu: Jacquard.relu(x, file: file, line: line)
    case .gelu: Jacquard.gelu(x, file: file, line: line)
    }
  }
}

/// A branch of a transformer layer, added to its input: with the norm before the branch (pre-norm) or after the sum (post-norm).
struct TransformerBranch {
  let norm: LayerNorm
  let dropout: Dropout
  let normFirst: Bool
  let file: String
  let line: Int

  func callAsFunction<S: TensorFloat>(_ x: Tensor<S>, _ branch: (Tensor<S>) -> Tensor<S>) -> Tensor<S> {
    if normFirst { return x + dropout(branch(norm(x, file: file, line: line)), file: file, line: line) }
    return norm(x + dropout(branch(x), file: file, line: line), file: file, line: line)
  }
}

/// The layers of a transformer one after the other, then a norm if there is one. Names are PyTorch's: `layers.0`, `norm`.
public struct TransformerEncoder: Module {
  /// In the order in which they are applied.
  public let layers: [TransformerEncoderLayer]
  let norm: LayerNorm?

  /// - Parameters:
  ///   - norm: Whether a layer norm follows; pre-norm layers want one.
  public init(_ layers: [TransformerEncoderLayer], norm: LayerNorm? = nil) {
    self.layers = layers
    self.norm = norm
  }

  /// - Parameter x: `[N, T, size]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, causal: Bool = false, mask: Tensor<Bool>? = nil, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    let y = layers.reduce(x) { $1($0, causal: causal, mask: mask, file: file, line: line) }
    return norm?(y, file: file, line: line) ?? y
  }
}

/// The decoder layers of a transformer one after the other, then a norm if there is one. Names are PyTorch's: `layers.0`, `norm`.
public struct TransformerDecoder: Module {
  /// In the order in which they are applied.
  public let layers: [TransformerDecoderLayer]
  let norm: LayerNorm?

  /// - Parameter norm: Follows the last layer; pre-norm layers want one.
  public init(_ layers: [TransformerDecoderLayer], norm: LayerNorm? = nil) {
    self.layers = layers
    self.norm = norm
  }

  /// - Parameters:
  ///   - x: `[N, T, size]`.
  ///   - memory: what the encoder gives, `[N, S, size]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, memory: Tensor<S>, causal: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    let y = layers.reduce(x) { $1($0, memory: memory, causal: causal, file: file, line: line) }
    return norm?(y, file: file, line: line) ?? y
  }
}
