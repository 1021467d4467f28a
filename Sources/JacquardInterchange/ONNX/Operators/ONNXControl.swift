import JacquardCore
import JacquardIR
import JacquardOps

/// Control flow. Bodies see the values around them: those become operands that are the same in every trip.
enum ONNXControl {
  static let all: [ONNXTranslator] = [
    ONNXTranslator("If", since: 1, conditional), ONNXTranslator("Loop", since: 1) { try ONNXLoop($0).results() },
    ONNXTranslator("Scan", since: 8) { try ONNXScan($0).results() },
  ]

  /// A branch that is known is put in the node's place; so is one of two whose results have different types.
  private static func conditional(_ node: ONNXNode) throws -> [ValueID?] {
    let b = node.builder
    guard try node.shape(0).elementCount().isOne else { throw Diagnostic("the condition is no scalar") }
    if let condition = try node.importer.frame.fixedTensor(node.input(0)) { return try branch(node, condition) }
    let bodies = try ["then_branch", "else_branch"].map { try ONNXBody(node, $0) }
    let captured = ONNXBody.captured(bodies, node.scope)
    let predicate = try b.reshape(node.input(0), .scalar)
    var types: [[TensorType]] = []
    func made(_ body: ONNXBody) -> GraphBuilder.Body {
      { inner, values in
        let results = try body.results(inner, [], changing: 0, captured: captured, as: values)
        types.append(results.map { inner.type($0) })
        return results
      }
    }
    do {
      return try b.cond(predicate, captured.map(\.value), then: made(bodies[0]), else: made(bodies[1]))
    } catch {
      guard types.count == 2, types[0] != types[1] else { throw error }
      return try branch(node, node.tensor(0))
    }
  }

  private static func branch(_ node: ONNXNode, _ condition: HostTensor) throws -> [ValueID?] {
    let body = try ONNXBody(node, condition[linear: 0].asBool ? "then_branch" : "else_branch")
    return try body.inlined([])
  }
}

/// A graph that is an attribute of a node.
struct ONNXBody {
  typealias Capture = (name: String, value: ValueID)

  private let node: ONNXNode
  let graph: Onnx_GraphProto

  init(_ node: ONNXNode, _ attribute: String) throws {
    guard let graph = try node.graph(attribute: attribute) else {
      throw Diagnostic("attribute '\(attribute)' is missing")
    }
    (self.node, self.graph) = (node, graph)
  }

  /// Values of the graph around that the bodies use, each once, in the order of use.
  static func captured(_ bodies: [ONNXBody], _ scope: ONNXScope) -> [Capture] {
    var seen: Set<String> = []
    return bodies.flatMap { freeNames($0.graph) }.compactMap { name in
      guard seen.insert(name).inserted, let value = scope.values[name] else { return nil }
      return (name, value)
    }
  }

  /// Names that a graph uses and does not define.
  private static func freeNames(_ graph: Onnx_GraphProto) -> [String] {
    let own = Set(
      graph.input.map(\.name) + graph.initializer.map(\.name) + graph.node.flatMap(\.output))
    let used = graph.node.flatMap { node in
      node.input + node.attribute.filter(\.hasG).flatMap { freeNames($0.g) }
    }
    return (used + graph.output.map(\.name)).filter { !$0.isEmpty && !own.contains($0) }
  }

  /// The nodes in the place of the node that has this body.
  func inlined(_ inputs: [ValueID]) throws -> [ValueID] {
    let captured = ONNXBody.captured([self], node.scope)
    let values = Dictionary(captured.map { ($0.name, $0.value) }) { $1 }
    return try node.importer.results(of: graph, inputs, captured: values, in: node.scope)
  }

  /// The results in a graph of their own.
  ///
  /// - Parameters:
  ///   - inputs: values of that graph for the body's inputs.
  ///   - changing: how many inputs that graph has before the captured ones.
  ///   - captured: values of the outer graph, and as which values the inner graph has them.
  ///   - isKnown: whether what the outer frame knows of them holds; not for a graph within another one.
  func results(
    _ builder: GraphBuilder, _ inputs: [ValueID], changing: Int, captured: [Capture], as values: [ValueID],
    isKnown: Bool = true
  ) throws -> [ValueID] {
    let outside = [ValueID?](repeating: nil, count: changing) + captured.map { isKnown ? $0.value : nil }
    let frame = ONNXFrame(builder, in: node.importer.frame, captured: outside)
    return try node.importer.within(frame) {
      let inner = Dictionary(zip(captured.map(\.name), values)) { $1 }
      return try node.importer.results(of: graph, inputs, captured: inner, in: node.scope)
    }
  }

  /// Whether a value of a body is true in every trip; asked for within that body.
  func isFixedTrue(_ builder: GraphBuilder, _ value: ValueID) throws -> Bool {
    let frame = ONNXFrame(builder, in: node.importer.frame, captured: builder.graph.inputs.map { _ in nil })
    return try frame.fixedTensor(value)?[linear: 0].asBool ?? false
  }

  /// Carried values keep their types.
  func checkCarried(_ builder: GraphBuilder, _ results: [ValueID], _ carried: [ValueID]) throws {
    for (result, value) in zip(results, carried) where builder.type(result) != builder.type(value) {
      throw node.unsupported("with a carried value \(builder.type(value)) that becomes \(builder.type(result))")
    }
  }
}
