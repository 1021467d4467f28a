import JacquardCore

/// Long short-term memory (https://doi.org/10.1162/neco.1997.9.8.1735): i, f, o = sigmoid and g = tanh of their gates,
/// c' = f c + i g, h' = o tanh(c'). The gates' order is i, f, g, o; parameters are those of PyTorch's `nn.LSTM`.
public final class LSTM: Layer {
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
      inputs: inputs, hidden: hidden, gates: 4, layers: layers, hasBias: bias, batchFirst: batchFirst,
      dropout: dropout, isBidirectional: bidirectional)
  }

  /// - Parameters:
  ///   - x: `[T, N, inputs]`, or `[N, T, inputs]` if the batch is first.
  ///   - initial: `[layers * directions, N, hidden]` each; zeros where nil.
  /// - Returns: the last layer's outputs `[T, N, directions * hidden]` (or with the batch first), and the last state and cell
  ///   of each layer and direction, of the shape of `initial`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, initial: (hidden: Tensor<S>, cell: Tensor<S>)? = nil, file: String = #fileID, line: Int = #line
  ) -> (output: Tensor<S>, hidden: Tensor<S>, cell: Tensor<S>) {
    apply(to: x, file, line) { g in
      let size = stack.hidden
      let start = initial.map { [$0.hidden, $0.cell] }
      let result = stack(g, x, initial: start, states: 2) { x, recurrent, states in
        let gates = x + recurrent
        let input = sigmoid(gates.gate(0, size)) * tanh(gates.gate(2, size))
        let cell = sigmoid(gates.gate(1, size)) * states[1] + input
        return [sigmoid(gates.gate(3, size)) * tanh(cell), cell]
      }
      return (result.output, result.states[0], result.states[1])
    }
  }

  public var pyTorchTensors: [PyTorchTensor] { stack.pyTorchTensors(self) }
}
