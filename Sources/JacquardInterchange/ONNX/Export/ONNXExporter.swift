import JacquardCore
import JacquardIR

/// Writes a graph as ONNX nodes.
final class ONNXExporter {
  /// The graphs being written, the model's first: a body lies within the others.
  private var nodes: [[Onnx_NodeProto]] = [[]]
  /// Tensors of the model, in the order of first use.
  private(set) var tensors: [(name: String, tensor: HostTensor)] = []
  private var constants: [AttributeTensor: String] = [:]
  private var names = ONNXFreshNames()
  private var dimensionNames: [Dim: String] = [:]
  private let graph: Graph

  init(_ graph: Graph) { self.graph = graph }

  // MARK: The model

  /// The model's graph, without its tensors.
  ///
  /// - Parameter value: Gives the tensor of a parameter or state.
  /// - Throws: `Diagnostic` that names the operation, input or symbol that ONNX cannot express.
  func model(_ value: (Input) throws -> HostTensor) throws -> Onnx_GraphProto {
    for input in graph.inputs { names.reserve(input.name) }
    let outputs = roots()
    for output in outputs { names.reserve(output.name) }
    let updated = Set(graph.updates.map(\.input))
    var result = Onnx_GraphProto.with { $0.name = graph.name }
    for (index, input) in graph.inputs.enumerated() {
      if input.role != .data { tensors.append((input.name, try value(input))) }
      // What changes from step to step stays an input, with a value to begin with.
      if input.role == .data || updated.contains(index) { result.input.append(info(input.name, input.type)) }
    }
    var known = Dictionary(zip(graph.inputValues, graph.inputs.map(\.name))) { $1 }
    known = try write(graph, known, wanted: Dictionary(outputs.map { ($0.value, $0.name) }) { first, _ in first })
    for output in outputs {
      if let name = known[output.value], name != output.name { append("Identity", [name], [], [output.name], nil) }
      result.output.append(info(output.name, graph.type(output.value)))
    }
    result.node = nodes[0]
    return result
  }

  /// Outputs, and the next value of each input that has one.
  private func roots() -> [(name: String, value: ValueID)] {
    graph.outputs.map { ($0.name, $0.value) }
      + graph.updates.map { ("\(graph.inputs[$0.input].name)/next", $0.value) }
  }

  func info(_ name: String, _ type: TensorType) -> Onnx_ValueInfoProto {
    .with { info in
      info.name = name
      info.type.tensorType = .with { tensor in
        tensor.elemType = ONNXElementType.number(type.dtype)
        tensor.shape = .with { shape in
          shape.dim = type.shape.dims.map { dim in
            .with { if let size = dim.value { $0.dimValue = Int64(size) } else { $0.dimParam = "\(dim)" } }
          }
        }
      }
    }
  }

  // MARK: Nodes

  /// Writes the nodes of a graph, and gives the name of each of its values.
  ///
  /// - Parameters:
  ///   - known: names of the graph's inputs.
  ///   - wanted: names that values must get, if a node can give them.
  func write(
    _ graph: Graph, _ known: [ValueID: String], wanted: [ValueID: String] = [:]
  ) throws -> [ValueID: String] {
    var known = known
    let needed = graph.reachable()
    var used = Set(graph.roots)
    for node in graph.nodes where needed.contains(node.id) { used.formUnion(node.inputs) }
    for node in graph.nodes where needed.contains(node.id) {
      let start = nodes[nodes.count - 1].count
      let use = ONNXUse(
        exporter: self, node: node, inputs: node.inputs.map { known[$0] ?? "" },
        inputTypes: node.inputs.map { graph.type($0) }, outputTypes: node.results.map { graph.type($0) },
        isUsed: node.results.map { used.contains($0) })
      for (index, (value, name)) in zip(node.results, try write(use)).enumerated() {
        let title = wanted[value] ?? (index == 0 ? node.name.flatMap { names.take($0) } : nil)
        known[value] = title.flatMap { rename(name, $0, from: start) } ?? name
      }
    }
    return known
  }

  private func write(_ use: ONNXUse) throws -> [String] {
    if let writer = ONNXWriters.table[use.node.operationName], let names = try writer.write(use) { return names }
    if let composite = use.operation as? any CompositeOperation {
      let names = try use.rewritten { try composite.decompose($0, $1, graphs: use.graphs) }
      if let names { return names }
    }
    let types = use.inputTypes.map(\.description).joined(separator: ", ")
    throw Diagnostic(
      "unsupported: ONNX has no operator for operation \(use.node.operationName)(\(types))", site: use.node.site)
  }

  /// Gives a value another name, if a node since `start` computes it.
  private func rename(_ old: String, _ new: String, from start: Int) -> String? {
    let top = nodes.count - 1
    guard old != new, nodes[top][start...].contains(where: { $0.output.contains(old) }) else { return nil }
    for index in start..<nodes[top].count {
      nodes[top][index].output = nodes[top][index].output.map { $0 == old ? new : $0 }
      nodes[top][index].input = nodes[top][index].input.map { $0 == old ? new : $0 }
    }
    return new
  }

  /// Appends a node to the graph being written, and gives the names of its results.
  func emit(
    _ type: String, _ inputs: [String], _ attributes: [Onnx_AttributeProto], outputs: Int, origin: Node?
  ) -> [String] {
    let results = (0..<outputs).map { _ in names.fresh(type) }
    append(type, inputs, attributes, results, origin)
    return results
  }

  private func append(
    _ type: String, _ inputs: [String], _ attributes: [Onnx_AttributeProto], _ outputs: [String], _ origin: Node?,
    at level: Int? = nil
  ) {
    nodes[level ?? nodes.count - 1].append(
      .with { node in
        (node.opType, node.input, node.output, node.attribute) = (type, inputs, outputs, attributes)
        guard let origin else { return }
        let site = origin.site.map { "\($0)" }
        let text = ([origin.scope] + (site.map { [$0] } ?? [])).filter { !$0.isEmpty }.joined(separator: " ")
        if !text.isEmpty { node.docString = text }
      })
  }

  /// A tensor of the model with these elements.
  func constant(_ tensor: HostTensor) -> String {
    let key = AttributeTensor(tensor)
    if let name = constants[key] { return name }
    let name = names.fresh("constant")
    constants[key] = name
    tensors.append((name, tensor))
    return name
  }

  // MARK: Bodies

  /// A graph that is an attribute; values of the graphs around it are seen by their names.
  ///
  /// - Parameters:
  ///   - inputs: types of its own inputs.
  ///   - body: writes it, from the names of its inputs, and gives the names and types of its results.
  func body(
    _ name: String, _ inputs: [TensorType], _ body: ([String]) throws -> [(name: String, type: TensorType)]
  ) throws -> Onnx_GraphProto {
    let own = inputs.map { _ in names.fresh(name) }
    nodes.append([])
    let results = try body(own)
    // A result is computed in the body, and is one result alone.
    let outputs = results.map { result in
      let output = names.fresh(name)
      append("Identity", [result.name], [], [output], nil)
      return info(output, result.type)
    }
    return .with {
      $0.name = name
      $0.node = nodes.removeLast()
      $0.input = zip(own, inputs).map { info($0, $1) }
      $0.output = outputs
    }
  }

  // MARK: Dimensions

  /// A vector (i64) of dimensions.
  func dimensions(_ dims: [Dim]) throws -> String {
    let known = dims.compactMap(\.value)
    if known.count == dims.count { return constant(try HostTensor(known.map(Int64.init), [known.count])) }
    let parts = try dims.map { try dimension($0) }
    if parts.count == 1 { return parts[0] }
    return outermost("Concat", parts, [.int("axis", 0)])
  }

  /// A vector (i64) of one dimension: it depends on the shapes of inputs alone, and belongs to the outermost graph.
  func dimension(_ dim: Dim) throws -> String {
    if let name = dimensionNames[dim] { return name }
    let name = try computed(dim)
    dimensionNames[dim] = name
    return name
  }

  private func computed(_ dim: Dim) throws -> String {
    if let size = dim.value { return constant(try HostTensor([Int64(size)], [1])) }
    if let symbol = dim.terms.first?.symbols.first, dim == .symbol(symbol) { return try size(symbol) }
    var sum = dim.constant == 0 ? nil : try dimension(Dim(dim.constant))
    for term in dim.terms {
      var product = term.coefficient == 1 ? nil : try dimension(Dim(term.coefficient))
      for symbol in term.symbols {
        let factor = try dimension(.symbol(symbol))
        product = product.map { outermost("Mul", [$0, factor]) } ?? factor
      }
      guard let product else { continue }
      sum = sum.map { outermost("Add", [$0, product]) } ?? product
    }
    return try sum ?? dimension(Dim(0))
  }

  private func size(_ symbol: String) throws -> String {
    for input in graph.inputs {
      guard let axis = input.type.shape.dims.firstIndex(of: .symbol(symbol)) else { continue }
      return outermost("Shape", [input.name], [.int("start", axis), .int("end", axis + 1)])
    }
    throw Diagnostic("unsupported: symbol \(symbol) is no axis of an input, so that ONNX cannot tell its size")
  }

  private func outermost(_ type: String, _ inputs: [String], _ attributes: [Onnx_AttributeProto] = []) -> String {
    let result = names.fresh(type)
    append(type, inputs, attributes, [result], nil, at: 0)
    return result
  }
}

/// Names that no two values of a model share, bodies included.
struct ONNXFreshNames {
  private var taken: Set<String> = []
  private var counts: [String: Int] = [:]

  mutating func reserve(_ name: String) { taken.insert(name) }

  /// The name, if it is free.
  mutating func take(_ name: String) -> String? { taken.insert(name).inserted ? name : nil }

  /// A new name made from a stem.
  mutating func fresh(_ stem: String) -> String {
    while true {
      let number = counts[stem, default: 0]
      counts[stem] = number + 1
      let name = "\(stem)_\(number)"
      if taken.insert(name).inserted { return name }
    }
  }
}
