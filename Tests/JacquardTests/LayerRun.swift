import Testing

@testable import Jacquard

/// One case of the layers' goldens in one float type.
struct LayerRun<S: TensorFloat> {
  let name: String
  let model: any Module
  let goldens: LayerGoldens
  let store = ParameterStore(seed: 1)
  /// How far values may be from the goldens, relative to the largest of a tensor (at least 1).
  let tolerance: Double

  /// Everything that differs from the goldens, a line each.
  func check() throws -> [String] {
    try store.initialize(try evaluation())
    try store.loadPyTorch(model, from: LayerGoldens.stateDict(name))
    var found = compare(try outputs(try evaluation()), try goldens.list(name, "evaluation"), "evaluation")
    found += try thereAndBack()
    let results = try outputs(try training())
    let count = try goldens.list(name, "training").count
    found += compare(Array(results.prefix(count)), try goldens.list(name, "training"), "training")
    return found + (try checkGradients(Array(results.dropFirst(count)))) + (try checkStatistics())
  }

  /// Draws parameters, moves statistics by a step of training, and writes a state dict and the outputs in evaluation.
  func export(to folder: String) throws {
    _ = try outputs(try training())
    try store.savePyTorch(model, to: "\(folder)/\(name).safetensors")
    let results = try outputs(try evaluation()).enumerated().map { ("output\($0)", $1) }
    try Safetensors.write(Dictionary(uniqueKeysWithValues: results), to: "\(folder)/\(name).outputs.safetensors")
  }

  // MARK: Graphs

  private func declare(_ g: GraphContext) throws -> (x: [Tensor<S>], outputs: [Tensor<S>]) {
    var (x, indices): ([Tensor<S>], Tensor<Int32>?) = ([], nil)
    for (index, input) in try goldens.list(name, "in").enumerated() {
      if input.dtype == .i32 {
        indices = g.input("in\(index)", Int32.self, input.shape)
      } else {
        x.append(g.input("in\(index)", S.self, input.shape))
      }
    }
    return (x, LayerCases.call(name, g.module(model), x, indices))
  }

  private func evaluation() throws -> Graph {
    try Graph(name) { g in
      for (index, y) in try declare(g).outputs.enumerated() { g.output("y\(index)", y) }
    }
  }

  /// Outputs, then the gradients of sum(output * cotangent) with respect to the float inputs and the parameters.
  private func training() throws -> Graph {
    try Graph(name, mode: .training) { g in
      let (x, outputs) = try declare(g)
      var loss: Tensor<S> = g.constant(0)
      for (index, y) in outputs.enumerated() {
        g.output("y\(index)", y)
        loss = loss + (y * g.input("cotangent\(index)", S.self, y.shape)).sum()
      }
      let parameters: [Tensor<S>] = parts.map {
        g.parameter("\(g.path(of: $0.layer))/\($0.name)", S.self, Shape($0.sizes))
      }
      for (index, gradient) in grad(of: loss, withRespectTo: x + parameters).enumerated() {
        g.output("y\(outputs.count + index)", gradient)
      }
    }
  }

  private var parts: [PyTorchTensor.Part] {
    model.pyTorchTensors.filter { $0.role == .parameter }.flatMap(\.parts)
  }

  private func outputs(_ graph: Graph) throws -> [HostTensor] {
    let session = try Session(graph, store)
    var inputs: [String: HostTensor] = [:]
    for kind in ["in", "cotangent"] {
      for (index, tensor) in try goldens.list(name, kind).enumerated()
      where graph.input(named: "\(kind)\(index)") != nil {
        inputs["\(kind)\(index)"] = tensor.dtype.isFloat ? try tensor.converted(to: S.dtype) : tensor
      }
    }
    let results = try session.step(inputs)
    return graph.outputs.indices.compactMap { results["y\($0)"] }
  }

  // MARK: Checks

  private func checkGradients(_ gradients: [HostTensor]) throws -> [String] {
    let expected = try goldens.group(name, "gradient")
    let inputs = try goldens.list(name, "in").enumerated().filter { $0.element.dtype.isFloat }.map(\.offset)
    var found: [String] = []
    for (index, gradient) in zip(inputs, gradients) {
      found += compare([gradient], [expected["in\(index)"]].compactMap { $0 }, "gradient of in\(index)")
    }
    // In a store under the parameters' names they come out as PyTorch has them.
    let store = ParameterStore()
    for name in self.store.names where self.store.role(of: name) == .state {
      if let value = self.store[name] { try store.set(name, value, role: .state) }
    }
    let names = try parameterNames()
    for (parameter, gradient) in zip(names, gradients.dropFirst(inputs.count)) { try store.set(parameter, gradient) }
    for (key, gradient) in try store.pyTorchTensors(model) where expected[key] != nil {
      found += compare([gradient], [expected[key]].compactMap { $0 }, "gradient of \(key)")
    }
    let compared = Set(model.pyTorchTensors.filter { $0.role == .parameter }.map(\.name) + inputs.map { "in\($0)" })
    return found + (compared == Set(expected.keys) ? [] : ["\(name): gradients of \(compared), not \(expected.keys)"])
  }

  private func parameterNames() throws -> [String] {
    let context = GraphContext(name: "names", mode: .evaluation)
    _ = context.module(model)
    return parts.map { "\(context.path(of: $0.layer))/\($0.name)" }
  }

  private func checkStatistics() throws -> [String] {
    let expected = try goldens.group(name, "after")
    let found = try store.pyTorchTensors(model)
    return expected.flatMap { key, value in compare([found[key]].compactMap { $0 }, [value], "\(key) after a step") }
  }

  /// What is written holds the bytes that were read.
  private func thereAndBack() throws -> [String] {
    let folder = try TemporaryFolder()
    try store.savePyTorch(model, to: folder("model.safetensors"))
    let (written, read) = (
      try SafetensorsFile(folder("model.safetensors")), try SafetensorsFile(LayerGoldens.stateDict(name))
    )
    if written.names != read.names { return ["\(name): wrote \(written.names), PyTorch \(read.names)"] }
    return try written.names.compactMap { key in
      let (a, b) = (try written.tensor(key), try read.tensor(key))
      return try a == b.converted(to: a.dtype) ? nil : "\(name): wrote another \(key)"
    }
  }

  private func compare(_ found: [HostTensor], _ expected: [HostTensor], _ what: String) -> [String] {
    if found.map(\.sizes) != expected.map(\.sizes) {
      return ["\(name), \(what): shapes \(found.map(\.sizes)), not \(expected.map(\.sizes))"]
    }
    return zip(found, expected).compactMap { a, b in
      let largest = (0..<b.count).map { Swift.abs(b[linear: $0].asDouble) }.max() ?? 0
      let worst = (0..<b.count).map { Swift.abs(a[linear: $0].asDouble - b[linear: $0].asDouble) }.max() ?? 0
      return worst <= tolerance * Swift.max(1, largest) ? nil : "\(name), \(what): differs by \(worst) of \(largest)"
    }
  }
}
