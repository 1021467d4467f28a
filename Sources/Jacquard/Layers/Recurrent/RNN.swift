import JacquardCore

/// The simple recurrent network of Elman: h' = f(W_ih x + b_ih + W_hh h + b_hh), f tanh or ReLU. Parameters are those of PyTorch's
/// `nn.RNN`.
public final class RNN: Layer {
  let stack: RecurrentStack
  /// The function f.
  public let nonlinearity: Nonlinearity

  /// The functions that PyTorch has for f.
  public enum Nonlinearity: Sendable, Hashable, CaseIterable {
    /// Hyperbolic tangent; max(x, 0).
    case tanh, relu
  }

  /// - Parameters:
  ///   - inputs: elements of an input vector. - hidden: elements of a state.
  ///   - layers: how many stand one above the other.
  ///   - batchFirst: whether sequences are `[N, T, inputs]`, not `[T, N, inputs]`.
  ///   - dropout: of the outputs of each layer but the last, in training.
  ///   - bidirectional: whether there is a second direction, from the last input to the first; outputs have its elements after those
  ///     of the first.
  public init(
    _ inputs: Int, _ hidden: Int, layers: Int = 1, nonlinearity: Nonlinearity = .tanh, bias: Bool = true,
    batchFirst: Bool = false, dropout: Double = 0,
    bidirectional: Bool = false
  ) {
    stack = RecurrentStack(
      inputs: inputs, hidden: hidden, gates: 1, layers: layers, hasBias: bias, batchFirst: batchFirst,
      dropout: dropout, isBidirectional: bidirectional)
    self.nonlinearity = nonlinearity
  }

  /// - Parameters:
  ///   - x: `[T, N, inputs]`, or `[N, T, inputs]` if the batch is first.
  ///   - initial: `[layers * directions, N, hidden]`; zeros where nil.
  /// - Returns: the last layer's outputs `[T, N, directions * hidden]` (or with the batch first), and the last state
  ///   of each layer and direction, of the shape of `initial`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, initial: Tensor<S>? = nil, file: String = #fileID, line: Int = #line
  ) -> (output: Tensor<S>, hidden: Tensor<S>) {
    apply(to: x, file, line) { g in
      let result = stack(g, x, initial: initial.map { [$0] }, states: 1) { x, recurrent, _ in
        [nonlinearity == .tanh ? tanh(x + recurrent) : relu(x + recurrent)]
      }
      return (result.output, result.states[0])
    }
  }

  public var pyTorchTensors: [PyTorchTensor] { stack.pyTorchTensors(self) }
}
