import JacquardCore
import JacquardIR
import JacquardOps

/// Attention of several heads, from a sequence to itself or to another one.
///
/// As in PyTorch's `nn.MultiheadAttention`, the weights of query, key and value start as those of one matrix `[size, 3 * size]`
/// (Xavier, uniform), that of the output as a linear layer's, biases at 0. Sequences have the batch first.
public final class MultiHeadAttention: Layer {
  /// Elements of the vectors that come in and go out.
  public let size: Int
  /// In how many parts each vector is cut; divides `size`.
  public let heads: Int
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let dropout: Dropout

  /// - Parameters:
  ///   - size: of the vectors; `heads` must divide it.
  ///   - dropout: of the weights that mix the values, in training.
  public init(_ size: Int, heads: Int, dropout: Double = 0, bias: Bool = true) {
    self.size = size
    self.heads = heads
    self.dropout = Dropout(dropout)
    let zeros = Initializer(.zeros)
    // Xavier's bound of [size, 3 * size] is that of [size, size] divided by the root of 2.
    let start = Initializer(.xavierUniform, gain: 0.5.squareRoot())
    query = Linear(size, size, bias: bias, weight: start, biasStart: zeros)
    key = Linear(size, size, bias: bias, weight: start, biasStart: zeros)
    value = Linear(size, size, bias: bias, weight: start, biasStart: zeros)
    output = Linear(size, size, bias: bias, biasStart: zeros)
  }

  public var children: [(name: String, module: any Module)] {
    [("query", query), ("key", key), ("value", value), ("output", output)]
  }

  /// `in_proj_weight` and `in_proj_bias` hold query, key and value.
  public var pyTorchTensors: [PyTorchTensor] {
    let parts = [query, key, value].map(\.pyTorchTensors)
    let joined = parts[0].indices.map { index in
      PyTorchTensor.joining(parts.map { $0[index] }, as: "in_proj_\(parts[0][index].name)")
    }
    return joined + output.pyTorchTensors.map { $0.within("out_proj") }
  }

  /// - Parameters:
  ///   - x: `[N, T, size]`.
  ///   - memory: where keys and values come from, `[N, S, size]`; x itself where nil.
  ///   - causal: whether position t sees positions up to t only.
  ///   - mask: true where a position is seen (PyTorch's masks are true where it is not); broadcasts to `[N, heads, T, S]`.
  /// - Returns: `[N, T, size]`. A position that sees none gives NaN.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, memory: Tensor<S>? = nil, causal: Bool = false, mask: Tensor<Bool>? = nil, file: String = #fileID,
    line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let source = memory ?? x
      let operands: [any AnyTensor] = [query(x), key(source), value(source)] + (mask.map { [$0] } ?? [])
      if dropout.acts(in: g) { return output(mixed(g, operands, causal)) }
      let mixed: Tensor<S> = g.emit(operands, at: nil) { builder, v in
        let split = try v.prefix(3).map { try builder.splitHeads($0, heads) }
        let seen = v.count > 3 ? v[3] : nil
        return try builder.joinHeads(builder.attention(split[0], split[1], split[2], mask: seen, causal: causal))
      }
      return output(mixed)
    }
  }

  /// The values mixed by weights some of which are dropped; operands query, key, value and a mask if there is one.
  private func mixed<S: TensorFloat>(_ g: GraphContext, _ operands: [any AnyTensor], _ causal: Bool) -> Tensor<S> {
    let weights: Tensor<S> = g.emit(operands, at: nil) { builder, v in
      let (q, k) = (try builder.splitHeads(v[0], heads), try builder.splitHeads(v[1], heads))
      return try builder.attentionWeights(q, k, mask: v.count > 3 ? v[3] : nil, causal: causal)
    }
    return g.emit([dropout(weights), operands[2]], at: nil) { builder, v in
      let values = try builder.splitHeads(v[1], heads)
      return try builder.joinHeads(
        builder.dot(v[0], values, lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContracting: [3], rhsContracting: [2]))
    }
  }
}

extension GraphBuilder {
  /// `[N, T, size]` as `[N, heads, T, size / heads]`.
  fileprivate func splitHeads(_ x: ValueID, _ heads: Int) throws -> ValueID {
    let dims = shape(x).dims
    guard dims.count == 3, let size = dims[2].value, heads > 0, size % heads == 0 else {
      throw Diagnostic(
        "attention of \(heads) heads needs [batch, sequence, size] with a size they divide, not \(type(x))")
    }
    let parts = try reshape(x, Shape([dims[0], dims[1], Dim(heads), Dim(size / heads)]))
    return try transpose(parts, [0, 2, 1, 3])
  }

  /// `[N, heads, T, width]` as `[N, T, heads * width]`.
  fileprivate func joinHeads(_ x: ValueID) throws -> ValueID {
    let dims = shape(x).dims
    return try reshape(transpose(x, [0, 2, 1, 3]), Shape([dims[0], dims[2], try dims[1].times(dims[3])]))
  }
}
