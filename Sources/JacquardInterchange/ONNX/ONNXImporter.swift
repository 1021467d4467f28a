import JacquardCore
import JacquardIR
import JacquardOps

/// Values by name within a graph or a function.
struct ONNXScope {
  var values: [String: ValueID] = [:]
  /// Types that the file states.
  var declared: [String: Onnx_ValueInfoProto] = [:]
  var opsets: [String: Int]
  /// Of the call of a function.
  var attributes: [String: Onnx_AttributeProto] = [:]
  /// Function calls around it.
  var depth = 0
}

/// Translates an ONNX graph node by node.
final class ONNXImporter {
  /// The graph that nodes are added to.
  private(set) var frame: ONNXFrame
  var builder: GraphBuilder { frame.builder }
  let tensors: ONNXTensorReader
  private let model: ONNXModel
  private let given: ONNXGivenInputs
  private var types: ONNXTypes
  private var nodeCount = 0

  /// Functions within functions, and nodes in all: calls multiply.
  private static let deepestCall = 32
  private static let mostNodes = 1 << 20

  init(
    _ model: ONNXModel, name: String, external: ONNXExternalData, values: [String: HostTensor], bindings: [String: Int]
  ) throws {
    self.model = model
    tensors = ONNXTensorReader(external: external)
    given = ONNXGivenInputs(values)
    types = ONNXTypes(sizes: bindings)
    let title = model.proto.graph.name.isEmpty ? name : model.proto.graph.name
    var names = ONNXNames()
    let builder = GraphBuilder(name: names.value(title))
    frame = ONNXFrame(builder) { [given] in given.answer($0, builder.graph) }
  }

  func result() throws -> ONNXImport {
    let graph = model.proto.graph
    var scope = ONNXScope(opsets: model.opsets)
    for info in graph.valueInfo + graph.output { scope.declared[info.name] = info }
    try addInitializers(graph, &scope)
    try addInputs(graph, &scope)
    try translate(graph.node, &scope)
    for output in graph.output {
      guard let value = scope.values[output.name] else { throw Diagnostic("output '\(output.name)' is not computed") }
      try builder.output(types.names.value(output.name), value)
    }
    // What only served to know a shape is needed no more.
    return ONNXImport(graph: builder.graph.compacted().graph, specialized: given.used)
  }

  // MARK: Inputs

  /// Initialisers are constants, also those that an old file names among the inputs, unless a value is given for such an input.
  private func addInitializers(_ graph: Onnx_GraphProto, _ scope: inout ONNXScope) throws {
    for proto in graph.initializer where given.values[types.names.value(proto.name)] == nil {
      try define(proto.name, try builder.constant(try tensors.tensor(proto)), &scope)
    }
    for proto in graph.sparseInitializer {
      try define(proto.values.name, try builder.constant(try tensors.dense(proto)), &scope)
    }
  }

  private func addInputs(_ graph: Onnx_GraphProto, _ scope: inout ONNXScope) throws {
    let inputs = graph.input.filter { scope.values[$0.name] == nil }
    for info in inputs { types.bind(info, to: given.values[types.names.value(info.name)]) }
    for info in inputs {
      let name = types.names.value(info.name)
      let type = try types.inputType(info, given: given.values[name]?.type)
      try define(info.name, try builder.input(name, type), &scope)
    }
    // Symbols that are bound already stay known, so that binding them to the same size is no error.
    for (symbol, size) in types.boundSymbols { builder.declare(symbol, defaultSize: size) }
  }

  private func define(_ name: String, _ value: ValueID, _ scope: inout ONNXScope) throws {
    if name.isEmpty { throw Diagnostic("a value without a name") }
    if scope.values.updateValue(value, forKey: name) != nil { throw Diagnostic("value '\(name)' is defined twice") }
  }

  // MARK: Nodes

  private func translate(_ nodes: [Onnx_NodeProto], _ scope: inout ONNXScope) throws {
    let later = Set(nodes.lazy.flatMap(\.output))
    for (index, proto) in nodes.enumerated() {
      do {
        try translate(proto, later, &scope)
      } catch var error as Diagnostic {
        // Whatever a type rule thinks of the caller, or a known value of a run: here the file is wrong.
        if error.kind != .internalError { error.kind = .invalid }
        let label = proto.name.isEmpty ? "node \(index)" : "node '\(proto.name.prefix(120))'"
        throw error.at("\(label) (\(proto.opType.prefix(80)))")
      }
    }
  }

  private func translate(_ proto: Onnx_NodeProto, _ later: Set<String>, _ scope: inout ONNXScope) throws {
    nodeCount += 1
    if nodeCount > ONNXImporter.mostNodes { throw Diagnostic("more than \(ONNXImporter.mostNodes) nodes") }
    var inputs: [ValueID?] = []
    for name in proto.input { inputs.append(name.isEmpty ? nil : try lookUp(name, later, scope)) }
    let results = try apply(proto, inputs, scope)
    for (index, name) in proto.output.enumerated() where !name.isEmpty {
      guard index < results.count, let value = results[index] else {
        throw Diagnostic("unsupported operator: \(proto.opType) (with output \(index), '\(name)')")
      }
      try define(name, value, &scope)
      if let info = scope.declared[name] { try types.check(info, builder.type(value)) }
      if scope.depth == 0 { try builder.name(value, types.names.value(name)) }
    }
  }

  private func lookUp(_ name: String, _ later: Set<String>, _ scope: ONNXScope) throws -> ValueID {
    if let value = scope.values[name] { return value }
    if later.contains(name) { throw Diagnostic("input '\(name)' is computed later, or depends on this node") }
    throw Diagnostic("input '\(name)' is neither computed nor an input or initialiser")
  }

  private func apply(_ proto: Onnx_NodeProto, _ inputs: [ValueID?], _ scope: ONNXScope) throws -> [ValueID?] {
    let attributes = try attributes(proto, scope)
    if let function = model.functions[ONNXModel.key(proto.domain, proto.opType, proto.overload)] {
      return try call(function, inputs, attributes, scope)
    }
    let domain = ONNXModel.domain(proto.domain)
    let title = domain.isEmpty ? proto.opType : "\(domain).\(proto.opType)"
    guard let translator = ONNXTranslators.table[title] else { throw Diagnostic("unsupported operator: \(title)") }
    guard let opset = scope.opsets[domain] else { throw Diagnostic("no operator set is imported") }
    if opset < translator.since {
      throw Diagnostic("unsupported operator: \(title) of operator set \(opset) (since \(translator.since))")
    }
    builder.origins = [Origin()]
    let node = ONNXNode(
      proto: proto, opset: opset, inputs: inputs, attributes: attributes, scope: scope, importer: self)
    return try translator.translate(node)
  }

  private func attributes(_ proto: Onnx_NodeProto, _ scope: ONNXScope) throws -> [String: Onnx_AttributeProto] {
    var result: [String: Onnx_AttributeProto] = [:]
    for attribute in proto.attribute {
      let value = attribute.refAttrName.isEmpty ? attribute : scope.attributes[attribute.refAttrName]
      if let value, result.updateValue(value, forKey: attribute.name) != nil {
        throw Diagnostic("attribute '\(attribute.name)' is given twice")
      }
    }
    return result
  }

  /// The nodes of a function in its place.
  private func call(
    _ function: Onnx_FunctionProto, _ inputs: [ValueID?], _ attributes: [String: Onnx_AttributeProto],
    _ outer: ONNXScope
  ) throws -> [ValueID?] {
    if outer.depth >= ONNXImporter.deepestCall { throw Diagnostic("function '\(function.name)' calls too deeply") }
    if inputs.count > function.input.count { throw Diagnostic("function '\(function.name)' has fewer inputs") }
    var scope = ONNXScope(opsets: ONNXModel.opsets(function.opsetImport), depth: outer.depth + 1)
    for attribute in function.attributeProto { scope.attributes[attribute.name] = attribute }
    scope.attributes.merge(attributes) { $1 }
    for (name, value) in zip(function.input, inputs) { if let value { try define(name, value, &scope) } }
    try translate(function.node, &scope)
    return function.output.map { scope.values[$0] }
  }

  // MARK: Bodies

  /// Adds nodes to another graph for a while.
  func within<R>(_ body: ONNXFrame, _ action: () throws -> R) rethrows -> R {
    let outer = frame
    frame = body
    defer { frame = outer }
    return try action()
  }

  /// The nodes of a graph that is an attribute, added to the current one.
  ///
  /// - Parameters:
  ///   - inputs: values for its inputs.
  ///   - captured: values of the graphs around it, by name.
  func results(
    of graph: Onnx_GraphProto, _ inputs: [ValueID], captured: [String: ValueID], in outer: ONNXScope
  ) throws -> [ValueID] {
    if outer.depth >= ONNXImporter.deepestCall { throw Diagnostic("graphs lie too deeply within each other") }
    guard inputs.count == graph.input.count else {
      throw Diagnostic("graph '\(graph.name.prefix(80))' has \(graph.input.count) inputs, not \(inputs.count)")
    }
    var scope = ONNXScope(
      values: captured, opsets: outer.opsets, attributes: outer.attributes, depth: outer.depth + 1)
    for info in graph.valueInfo + graph.output { scope.declared[info.name] = info }
    for proto in graph.initializer { try define(proto.name, try builder.constant(try tensors.tensor(proto)), &scope) }
    for (info, value) in zip(graph.input, inputs) {
      try types.check(info, builder.type(value))
      try define(info.name, value, &scope)
    }
    try translate(graph.node, &scope)
    return try graph.output.map { output in
      guard let value = scope.values[output.name] else { throw Diagnostic("output '\(output.name)' is not computed") }
      return value
    }
  }

  // MARK: Known values

  /// The value that a shape depends on. - Throws: `Diagnostic` if it is only known when the graph runs.
  func tensor(_ value: ValueID, _ what: String) throws -> HostTensor {
    switch try frame.known.value(value, builder.graph) {
    case .tensor(let tensor): return tensor
    case .depends(let source):
      throw Diagnostic(
        "unsupported: \(what) must be known beforehand and depends on \(source); it may be an initialiser, or given with "
          + "--input NAME=FILE.npy")
    }
  }

  /// The same for whole numbers that may be dimensions with symbols.
  func dimensions(_ value: ValueID, _ what: String) throws -> [Dim] {
    try frame.dimensions(value) ?? tensor(value, what).integers.map { Dim($0) }
  }
}

/// What is given for inputs of the model, and which of it decided a shape.
final class ONNXGivenInputs {
  let values: [String: HostTensor]
  /// In the order of use.
  private(set) var used: [String] = []

  init(_ values: [String: HostTensor]) { self.values = values }

  func answer(_ position: Int, _ graph: Graph) -> ONNXKnownValues.Answer {
    let name = graph.inputs[position].name
    guard let tensor = values[name], tensor.type == graph.inputs[position].type else {
      return .depends(on: "input '\(name)'")
    }
    if !used.contains(name) { used.append(name) }
    return .tensor(tensor)
  }
}

extension HostTensor {
  /// The elements as whole numbers.
  var integers: [Int] { (0..<count).map { Int(self[linear: $0].asInt) } }
}
