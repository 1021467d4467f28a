import JacquardCore

/// Gated recurrent units (https://arxiv.org/abs/1406.1078, in PyTorch's form): r, z = sigmoid of their gates,
/// n = tanh(W_in x + b_in + r (W_hn h + b_hn)), h' = (1 - z) n + z h. The gates' order is r, z, n; parameters are those of PyTorch's
/// `nn.GRU`.
public final class GRU: Layer {
  let stack: RecurrentStack

  /// - Parameters:
  ///   - inputs: elements of an input vector. - hidden: elements of a state.
  ///   - layers: how many stand one above the other.
  ///   - batchFirst: whether sequences are `[N, T, inputs]`, not `[T, N, inputs]`.
  ///   - dropout: of the outputs of each layer but the last, in training.
  ///   - bidirectional: whether there is a second direction, from the last input to the first; outputs have its elements after those
  ///     of the first.
  public init(
    _ inputs: Int, _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = false, dropout: Double = 0,
    bidirectional: Bool = false
  ) {
    stack = RecurrentStack(
      inputs: inputs, hidden: hidden, gates: 3, layers: layers, hasBias: bias, batchFirst: batchFirst,
      dropout: dropout, isBidirectional: bidirectional)
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
      let size = stack.hidden
      let result = stack(g, x, initial: initial.map { [$0] }, states: 1) { x, recurrent, states in
        let reset = sigmoid(x.gate(0, size) + recurrent.gate(0, size))
        let update = sigmoid(x.gate(1, size) + recurrent.gate(1, size))
        let new = tanh(x.gate(2, size) + reset * recurrent.gate(2, size))
        return [(1 - update) * new + update * states[0]]
      }
      return (result.output, result.states[0])
    }
  }

  public var pyTorchTensors: [PyTorchTensor] { stack.pyTorchTensors(self) }
}
