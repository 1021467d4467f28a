import JacquardCore
import JacquardIR
import JacquardOps

/// Attention of several heads, from a sequence to itself or to another one.
public final class MultiHeadAttention: Layer {
  public let size: Int
  public let heads: Int
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear

  /// - Parameters:
  ///   - size: of the vectors; `heads` must divide it.
  public init(_ size: Int, heads: Int, bias: Bool = true) {
    self.size = size
    self.heads = heads
    query = Linear(size, size, bias: bias)
    key = Linear(size, size, bias: bias)
    value = Linear(size, size, bias: bias)
    output = Linear(size, size, bias: bias)
  }

  public var children: [(name: String, module: any Module)] {
    [("query", query), ("key", key), ("value", value), ("output", output)]
  }

  /// - Parameters:
  ///   - x: `[N, T, size]`.
  ///   - memory: where keys and values come from, `[N, S, size]`; x itself where nil.
  ///   - causal: whether position t sees positions up to t only.
  /// - Returns: `[N, T, size]`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, memory: Tensor<S>? = nil, causal: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    let source = memory ?? x
    let parts = [
      query(x, file: file, line: line), key(source, file: file, line: line), value(source, file: file, line: line),
    ]
    let mixed: Tensor<S> = x.context.emit(parts, at: SourceSite(file: file, line: line)) { builder, v in
      let split = try v.map { try builder.splitHeads($0, heads) }
      return try builder.joinHeads(builder.attention(split[0], split[1], split[2], causal: causal))
    }
    return output(mixed, file: file, line: line)
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
