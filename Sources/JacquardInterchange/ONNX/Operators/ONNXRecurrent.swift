import JacquardCore
import JacquardIR
import JacquardOps

/// Recurrent layers: one scan over the steps for each direction.
enum ONNXRecurrent {
  static let all: [ONNXTranslator] = [
    ONNXTranslator("RNN", since: 7) { try ONNXRecurrentNode($0, gates: 1, ["Tanh"]).results { try $0.elman($1) } },
    ONNXTranslator("GRU", since: 7) {
      try ONNXRecurrentNode($0, gates: 3, ["Sigmoid", "Tanh"]).results { try $0.gated($1) }
    },
    ONNXTranslator("LSTM", since: 7) {
      try ONNXRecurrentNode($0, gates: 4, ["Sigmoid", "Tanh", "Tanh"], hasCell: true).results { try $0.longShort($1) }
    },
  ]
}

/// One recurrent node. Within a step, tensors are [batch, size].
struct ONNXRecurrentNode {
  /// What a step works on, as values of its graph.
  struct Step {
    let b: GraphBuilder
    let hidden: ValueID
    /// Of an LSTM.
    let cell: ValueID?
    /// The input's part of the gates, [batch, gates * hidden], with its bias.
    let input: ValueID
    /// Recurrence weight [gates * hidden, hidden] and bias [gates * hidden].
    let weight: ValueID
    let bias: ValueID
    /// Peephole weights of the input, output and forget gates.
    let peepholes: ValueID?
    let activations: [ONNXRecurrentActivation]
  }

  let node: ONNXNode
  let gates: Int
  let hidden: Dim
  let clip: Double?
  private let hasCell: Bool
  private let isBatchFirst: Bool
  private let isReversed: [Bool]
  private let activations: [ONNXRecurrentActivation]
  /// [steps, batch, size]
  private let x: ValueID
  private var b: GraphBuilder { node.builder }

  init(_ node: ONNXNode, gates: Int, _ defaults: [String], hasCell: Bool = false) throws {
    (self.node, self.gates, self.hasCell) = (node, gates, hasCell)
    switch try node.string("direction", "forward") {
    case "forward": isReversed = [false]
    case "reverse": isReversed = [true]
    case "bidirectional": isReversed = [false, true]
    case let other: throw Diagnostic("attribute 'direction' is '\(other.prefix(40))'")
    }
    isBatchFirst = try node.flag("layout")
    guard try node.shape(0).rank == 3, try node.shape(1).rank == 3, try node.shape(2).rank == 3 else {
      throw Diagnostic("input and weights do not have three axes each")
    }
    hidden = try node.shape(2)[2]
    guard let size = hidden.value, try node.int("hidden_size", size) == size,
      try node.shape(2)[1] == Dim(gates).times(hidden), try node.shape(1)[1] == node.shape(2)[1],
      try node.shape(2)[0] == Dim(isReversed.count)
    else { throw Diagnostic("weights \(try node.type(1)) and \(try node.type(2)) do not fit hidden_size or direction") }
    clip = try node.float("clip")
    activations = try ONNXRecurrentActivation.list(node, defaults, directions: isReversed.count)
    x = try isBatchFirst ? node.builder.transpose(node.input(0), [1, 0, 2]) : node.input(0)
  }

  /// - Parameter step: the next hidden and cell state.
  func results(_ step: (ONNXRecurrentNode, Step) throws -> [ValueID]) throws -> [ValueID?] {
    let runs = try isReversed.indices.map { try run($0, step) }
    let outputs = try b.concat(runs.map { try b.expandDims($0.outputs, axis: 1) }, axis: 1)
    let states = try (0..<(hasCell ? 2 : 1)).map { index in
      let state = try b.concat(runs.map { try b.expandDims($0.states[index], axis: 0) }, axis: 0)
      return try isBatchFirst ? b.transpose(state, [1, 0, 2]) : state
    }
    return [try isBatchFirst ? b.transpose(outputs, [2, 0, 1, 3]) : outputs] + states
  }

  // MARK: One direction

  private func run(
    _ direction: Int, _ step: (ONNXRecurrentNode, Step) throws -> [ValueID]
  ) throws -> (outputs: ValueID, states: [ValueID]) {
    let weight = try part(1, direction)
    let recurrence = try part(2, direction)
    let width = try Dim(gates).times(hidden)
    let biases = try node.optional(3) == nil ? b.zeros(Shape([width.times(2)]), node.dtype(0)) : part(3, direction)
    let own = try b.slice(biases, axis: 0, from: 0, to: width)
    let inputs = try b.add(b.dot(x, weight, lhsContracting: [2], rhsContracting: [1]), own)
    let bias = try b.slice(biases, axis: 0, from: width, to: width.times(2))
    let peepholes = try hasCell && node.optional(7) != nil ? part(7, direction) : nil
    var starts = [try start(5, direction)]
    if hasCell { starts.append(try start(6, direction)) }
    let perDirection = activations.count / isReversed.count
    let functions = Array(activations[direction * perDirection..<(direction + 1) * perDirection])
    var scanned = [inputs]
    if let mask = try mask() { scanned.append(mask) }
    let constants = [recurrence, bias] + (peepholes.map { [$0] } ?? [])
    let results = try b.scan(starts, over: scanned, constants: constants, reverse: isReversed[direction]) {
      inner, c, x, k in
      let own = Step(
        b: inner, hidden: c[0], cell: hasCell ? c[1] : nil, input: x[0], weight: k[0], bias: k[1],
        peepholes: k.count > 2 ? k[2] : nil, activations: functions)
      let next = try step(self, own)
      if x.count == 1 { return (next, [next[0]]) }
      // After its end a sequence keeps its state, and gives zeros.
      let kept = try zip(next, c).map { try inner.select(x[1], $0, $1) }
      return (kept, [try inner.select(x[1], next[0], inner.fill(0, like: next[0]))])
    }
    return (results.outputs[0], results.carries)
  }

  private func part(_ index: Int, _ direction: Int) throws -> ValueID {
    let value = try node.input(index)
    let shape = b.shape(value)
    guard shape.rank > 1, shape[0] == Dim(isReversed.count) else {
      throw Diagnostic("input \(index) of shape \(shape) does not fit \(isReversed.count) directions")
    }
    let slice = try b.slice(value, axis: 0, from: Dim(direction), to: Dim(direction + 1))
    return try b.reshape(slice, Shape(Array(shape.dims.dropFirst())))
  }

  /// A first state [batch, hidden].
  private func start(_ index: Int, _ direction: Int) throws -> ValueID {
    let shape = Shape([b.shape(x)[1], hidden])
    guard let states = node.optional(index) else { return try b.zeros(shape, node.dtype(0)) }
    guard b.shape(states).rank == 3 else { throw Diagnostic("input \(index) does not have three axes") }
    let ordered = try isBatchFirst ? b.transpose(states, [1, 0, 2]) : states
    return try b.reshape(b.slice(ordered, axis: 0, from: Dim(direction), to: Dim(direction + 1)), shape)
  }

  /// Which steps lie within each sequence: [steps, batch, 1].
  private func mask() throws -> ValueID? {
    guard let lengths = node.optional(4) else { return nil }
    let steps = try b.iota(Shape([b.shape(x)[0], b.shape(x)[1], 1]), axis: 0, .i64)
    return try b.less(steps, b.reshape(b.cast(lengths, .i64), Shape([1, b.shape(x)[1], 1])))
  }

  // MARK: Steps

  fileprivate func elman(_ s: Step) throws -> [ValueID] {
    [try s.activations[0].apply(s.b, clipped(s, s.b.add(s.input, recurrent(s, s.weight, s.bias, s.hidden))))]
  }

  /// Gates z, r, h.
  fileprivate func gated(_ s: Step) throws -> [ValueID] {
    let b = s.b
    let weights = try split(s, s.weight, axis: 0)
    let biases = try split(s, s.bias, axis: 0)
    let inputs = try split(s, s.input, axis: 1)
    func gate(_ k: Int) throws -> ValueID {
      let sum = try b.add(inputs[k], recurrent(s, weights[k], biases[k], s.hidden))
      return try s.activations[0].apply(b, clipped(s, sum))
    }
    let update = try gate(0)
    let reset = try gate(1)
    let candidate =
      try node.flag("linear_before_reset")
      ? b.multiply(reset, recurrent(s, weights[2], biases[2], s.hidden))
      : recurrent(s, weights[2], biases[2], b.multiply(reset, s.hidden))
    let fresh = try s.activations[1].apply(b, clipped(s, b.add(inputs[2], candidate)))
    // (1 - z) h + z H
    return [try b.add(fresh, b.multiply(update, b.subtract(s.hidden, fresh)))]
  }

  /// Gates i, o, f, c.
  fileprivate func longShort(_ s: Step) throws -> [ValueID] {
    guard let cell = s.cell else { throw Diagnostic("an LSTM without a cell", kind: .internalError) }
    let b = s.b
    let sums = try split(s, b.add(s.input, recurrent(s, s.weight, s.bias, s.hidden)), axis: 1)
    let peepholes = try s.peepholes.map { try split(s, $0, axis: 0, count: 3) }
    func gate(_ sum: Int, _ peephole: Int, _ state: ValueID) throws -> ValueID {
      let seen = try peepholes.map { try b.add(sums[sum], b.multiply($0[peephole], state)) } ?? sums[sum]
      return try s.activations[0].apply(b, clipped(s, seen))
    }
    let input = try gate(0, 0, cell)
    let forget = try node.flag("input_forget") ? b.subtract(b.fill(1, like: input), input) : gate(2, 2, cell)
    let fresh = try s.activations[1].apply(b, clipped(s, sums[3]))
    let next = try b.add(b.multiply(forget, cell), b.multiply(input, fresh))
    return [try b.multiply(gate(1, 1, next), s.activations[2].apply(b, next)), next]
  }

  /// state * weight^T + bias
  private func recurrent(_ s: Step, _ weight: ValueID, _ bias: ValueID, _ state: ValueID) throws -> ValueID {
    try s.b.add(s.b.dot(state, weight, lhsContracting: [1], rhsContracting: [1]), bias)
  }

  private func clipped(_ s: Step, _ x: ValueID) throws -> ValueID {
    guard let clip else { return x }
    let dtype = s.b.type(x).dtype
    return try s.b.clamp(s.b.constant(-clip, dtype), x, s.b.constant(clip, dtype))
  }

  /// Equal parts, one a gate.
  private func split(_ s: Step, _ x: ValueID, axis: Int, count: Int? = nil) throws -> [ValueID] {
    try (0..<(count ?? gates)).map { k in
      try s.b.slice(x, axis: axis, from: hidden.times(Dim(k)), to: hidden.times(Dim(k + 1)))
    }
  }
}

/// A function that a recurrent layer names.
struct ONNXRecurrentActivation {
  private let name: String
  private let alpha: Double
  private let beta: Double

  private static let parameters: [String: (alpha: Double, beta: Double)] = [
    "Relu": (0, 0), "Tanh": (0, 0), "Sigmoid": (0, 0), "Affine": (1, 0), "LeakyRelu": (0.01, 0),
    "ThresholdedRelu": (1, 0), "ScaledTanh": (1, 1), "HardSigmoid": (0.2, 0.5), "Elu": (1, 0), "Softsign": (0, 0),
    "Softplus": (0, 0),
  ]
  private static let takesAlpha = ["Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu"]
  private static let takesBeta = ["Affine", "ScaledTanh", "HardSigmoid"]

  /// Those of all directions. Parameters are listed for the functions that take them, in order.
  static func list(_ node: ONNXNode, _ defaults: [String], directions: Int) throws -> [ONNXRecurrentActivation] {
    let stated = try node.strings("activations")
    let names = stated ?? (0..<directions).flatMap { _ in defaults }
    guard names.count == directions * defaults.count else {
      throw Diagnostic("attribute 'activations' has \(names.count) names, not \(directions * defaults.count)")
    }
    var alphas = (try node.floats("activation_alpha") ?? [])[...]
    var betas = (try node.floats("activation_beta") ?? [])[...]
    return try names.map { name in
      guard let (alpha, beta) = parameters[name] else { throw node.unsupported("with activation '\(name.prefix(40))'") }
      return ONNXRecurrentActivation(
        name: name, alpha: takesAlpha.contains(name) ? alphas.popFirst() ?? alpha : alpha,
        beta: takesBeta.contains(name) ? betas.popFirst() ?? beta : beta)
    }
  }

  func apply(_ b: GraphBuilder, _ x: ValueID) throws -> ValueID {
    func constant(_ value: Double) throws -> ValueID { try b.constant(value, b.type(x).dtype) }
    switch name {
    case "Relu": return try b.relu(x)
    case "Tanh": return try b.tanh(x)
    case "Sigmoid": return try b.sigmoid(x)
    case "Affine": return try b.add(b.multiply(x, constant(alpha)), constant(beta))
    case "LeakyRelu": return try b.leakyRelu(x, slope: alpha)
    case "ThresholdedRelu": return try b.thresholdedRelu(x, alpha: alpha)
    case "ScaledTanh": return try b.multiply(b.tanh(b.multiply(x, constant(beta))), constant(alpha))
    case "HardSigmoid": return try b.hardSigmoid(x, alpha: alpha, beta: beta)
    case "Elu": return try b.elu(x, alpha: alpha)
    case "Softsign": return try b.softsign(x)
    default: return try b.softplus(x)
    }
  }
}
