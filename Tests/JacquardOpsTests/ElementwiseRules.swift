import JacquardCore
import JacquardIR
import JacquardOps

/// Applies gradient rules by themselves, as simply as can be: what is tested is the rules, not the library's driver.
struct ElementwiseRules {
  let builder: GraphBuilder

  /// The cotangents of `inputs` from that of `result`, for every path from them to it; nil where there is none.
  func cotangents(of result: ValueID, _ cotangent: ValueID, to inputs: [ValueID]) throws -> [ValueID?] {
    var known = [result: cotangent]
    for node in builder.graph.nodes.reversed() where !node.results.contains(where: inputs.contains) {
      let given = node.results.map { known[$0] }
      guard !node.inputs.isEmpty, given.contains(where: { $0 != nil }) else { continue }
      let found = try cotangents(node.operation, node.inputs, node.results, given)
      for (input, value) in zip(node.inputs, found) {
        guard let value = try value.map({ try reduced($0, to: input) }) else { continue }
        known[input] = try known[input].map { try builder.add($0, value) } ?? value
      }
    }
    return inputs.map { known[$0] }
  }

  private func cotangents(
    _ operation: any Operation, _ inputs: [ValueID], _ results: [ValueID], _ given: [ValueID?]
  ) throws -> [ValueID?] {
    let context = GradientContext(
      builder: builder, inputs: inputs, outputs: results, cotangents: given,
      needed: inputs.map { builder.type($0).dtype.isFloat }, graphs: [])
    switch try operation.gradient(context) {
    case .cotangents(let list): return list.map { if case .value(let value) = $0 { value } else { nil } }
    case .nonDifferentiable(let reason): throw Diagnostic(reason)
    case .decomposed:
      guard let composite = operation as? any CompositeOperation, let g = given[0] else {
        throw Diagnostic("nothing to decompose")
      }
      return try cotangents(of: composite.decompose(builder, inputs)[0], g, to: inputs)
    }
  }

  /// Sums a cotangent over the axes along which an operand was broadcast.
  private func reduced(_ value: ValueID, to input: ValueID) throws -> ValueID {
    let (from, shape) = (builder.shape(value), builder.shape(input))
    if from == shape { return value }
    let skipped = from.rank - shape.rank
    let axes = (0..<from.rank).filter { $0 < skipped || shape[$0 - skipped] != from[$0] }
    return try builder.reshape(builder.sum(value, axes: axes, keepDims: true), shape)
  }
}

/// A graph of one operation, its value, and its derivatives by the rules.
struct ElementwiseProbe {
  let builder = GraphBuilder(name: "probe")
  let inputs: [ValueID]
  let result: ValueID
  private let values: [HostTensor]

  init(_ operation: any Operation, _ values: [HostTensor]) throws {
    try self.init(values) { try $0.append(operation, $1)[0] }
  }

  init(_ values: [HostTensor], _ build: (GraphBuilder, [ValueID]) throws -> ValueID) throws {
    var inputs: [ValueID] = []
    for (index, value) in values.enumerated() { inputs.append(try builder.input("x\(index)", value.type)) }
    self.inputs = inputs
    self.values = values
    result = try build(builder, inputs)
    try builder.output("y", result)
  }

  func value() throws -> HostTensor? { try evaluate()["y"] }

  /// The gradient of the sum of result * cotangent with respect to each input; zeros where there is none.
  func gradients(_ cotangent: HostTensor) throws -> [HostTensor?] {
    let g = try builder.input("g", cotangent.type)
    let found = try ElementwiseRules(builder: builder).cotangents(of: result, g, to: inputs)
    for (index, value) in found.enumerated() { if let value { try builder.output("d\(index)", value) } }
    let outputs = try evaluate(["g": cotangent])
    return try inputs.indices.map { index in
      if found[index] != nil { return outputs["d\(index)"] }
      return values[index].dtype.isFloat ? try HostTensor(zeros: values[index].dtype, values[index].sizes) : nil
    }
  }

  private func evaluate(_ more: [String: HostTensor] = [:]) throws -> [String: HostTensor] {
    var named = more
    for (index, value) in values.enumerated() { named["x\(index)"] = value }
    return try builder.graph.evaluate(named).outputs
  }
}
