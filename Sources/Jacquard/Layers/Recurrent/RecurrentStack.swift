import JacquardCore
import JacquardIR

/// What RNN, LSTM and GRU share: layers one above the other, each in one direction or both.
///
/// Parameters are PyTorch's, `weight_ih_l0 weight_hh_l0 bias_ih_l0 bias_hh_l0` and so on with `_reverse` for the other direction; a
/// weight is the transpose of PyTorch's, its gates side by side in PyTorch's order. All start drawn evenly from ±1/sqrt(hidden).
struct RecurrentStack: Sendable {
  let inputs: Int
  let hidden: Int
  /// How many vectors of the hidden size one step computes from input and state.
  let gates: Int
  let layers: Int
  let hasBias: Bool
  let batchFirst: Bool
  let dropout: Double
  let isBidirectional: Bool

  /// From what input and state give to the gates, and the states, the next states; the first one is the output.
  typealias Step<S: TensorFloat> = (_ x: Tensor<S>, _ recurrent: Tensor<S>, _ states: [Tensor<S>]) -> [Tensor<S>]

  private var suffixes: [String] { isBidirectional ? ["", "_reverse"] : [""] }

  /// - Parameters:
  ///   - initial: for each state `[layers * directions, N, hidden]`, or nil for zeros.
  ///   - states: how many states there are.
  /// - Returns: the outputs of the last layer, and for each state the last one of each layer and direction.
  func callAsFunction<S: TensorFloat>(
    _ g: GraphContext, _ x: Tensor<S>, initial: [Tensor<S>]?, states: Int, _ step: Step<S>
  ) -> (output: Tensor<S>, states: [Tensor<S>]) {
    let x = checked(g, x)
    if x.isPoisoned { return (x, Array(repeating: x, count: states)) }
    var sequence = batchFirst ? x.transposed([1, 0, 2]) : x
    var last = [[Tensor<S>]](repeating: [], count: states)
    for layer in 0..<layers {
      var outputs: [Tensor<S>] = []
      for (direction, suffix) in suffixes.enumerated() {
        let start = start(g, sequence, initial, states, at: layer * suffixes.count + direction)
        let run = run(g, sequence, start, layer, suffix, step)
        outputs.append(run.output)
        for (index, state) in run.states.enumerated() { last[index].append(state.expandingDims(0)) }
      }
      sequence = g.joined(outputs, axis: 2)
      if layer + 1 < layers { sequence = dropped(g, sequence) }
    }
    return (batchFirst ? sequence.transposed([1, 0, 2]) : sequence, last.map { g.joined($0, axis: 0) })
  }

  private func checked<S: TensorFloat>(_ g: GraphContext, _ x: Tensor<S>) -> Tensor<S> {
    g.emit([x], at: nil) { builder, v in
      let shape = builder.shape(v[0])
      if layers < 1 || hidden < 1 {
        throw Diagnostic("\(layers) layers of \(hidden) elements are no recurrent network")
      }
      if shape.rank == 3 && shape[2] == Dim(inputs) { return v[0] }
      let order = batchFirst ? "batch, sequence" : "sequence, batch"
      throw Diagnostic("a recurrent layer takes [\(order), \(inputs)], not \(shape)")
    }
  }

  /// The states before the first step of one layer and direction, `[N, hidden]` each.
  private func start<S: TensorFloat>(
    _ g: GraphContext, _ sequence: Tensor<S>, _ initial: [Tensor<S>]?, _ states: Int, at place: Int
  ) -> [Tensor<S>] {
    guard let initial else {
      return Array(repeating: g.zeros([sequence.dim(1), Dim(hidden)]), count: states)
    }
    return initial.map { $0.sliced(place..<place + 1, axis: 0).squeezed(0) }
  }

  /// One layer in one direction. What the inputs give to the gates is one product for all steps.
  private func run<S: TensorFloat>(
    _ g: GraphContext, _ sequence: Tensor<S>, _ start: [Tensor<S>], _ layer: Int, _ suffix: String, _ step: Step<S>
  ) -> (output: Tensor<S>, states: [Tensor<S>]) {
    let (width, tail) = (gates * hidden, "_l\(layer)\(suffix)")
    let bound = 1 / Double(hidden).squareRoot()
    func parameter(_ name: String, _ shape: Shape) -> Tensor<S> {
      g.parameter(name + tail, S.self, shape, Initializer(.uniform, low: -bound, high: bound))
    }
    let input = parameter("weight_ih", [Dim(inputSize(layer)), Dim(width)])
    let recurrent = parameter("weight_hh", [Dim(hidden), Dim(width)])
    var gates = matmul(sequence, input)
    var bias: Tensor<S>?
    if hasBias {
      gates = gates + parameter("bias_ih", [Dim(width)])
      bias = parameter("bias_hh", [Dim(width)])
    }
    let (states, outputs) = scan(start, over: [gates], reverse: !suffix.isEmpty) { states, slices in
      let product = matmul(states[0], recurrent)
      let next = step(slices[0], bias.map { product + $0 } ?? product, states)
      return (next, [next[0]])
    }
    // A scan that fails has no outputs; its error is in the states.
    return (outputs.first ?? states[0], states)
  }

  private func dropped<S: TensorFloat>(_ g: GraphContext, _ x: Tensor<S>) -> Tensor<S> {
    if dropout == 0 { return x }
    if g.mode == .training { return Jacquard.dropout(x, rate: dropout) }
    g.evaluationOnly.append("dropout of '\(g.path)'")
    return x
  }

  private func inputSize(_ layer: Int) -> Int { layer == 0 ? inputs : hidden * suffixes.count }

  func pyTorchTensors(_ owner: any Layer) -> [PyTorchTensor] {
    let width = gates * hidden
    return (0..<max(0, layers)).flatMap { layer in
      suffixes.flatMap { suffix in
        let tail = "_l\(layer)\(suffix)"
        let weights = [("weight_ih", inputSize(layer)), ("weight_hh", hidden)].map {
          owner.pyTorchTensor($0.0 + tail, [$0.1, width], transposed: true)
        }
        return weights + (hasBias ? ["bias_ih", "bias_hh"].map { owner.pyTorchTensor($0 + tail, [width]) } : [])
      }
    }
  }
}

extension GraphContext {
  /// Tensors one after the other along an axis; there is at least one.
  fileprivate func joined<S: TensorFloat>(_ parts: [Tensor<S>], axis: Int) -> Tensor<S> {
    parts.count == 1 ? parts[0] : emit(parts, at: nil) { try $0.concat($1, axis: axis) }
  }
}

extension Tensor {
  /// Part `index` of the last axis, cut into parts of a width.
  func gate(_ index: Int, _ width: Int) -> Tensor { sliced(index * width..<(index + 1) * width, axis: -1) }
}
