import JacquardCore
import JacquardIR
import JacquardOps

/// Values that are known before the graph runs: constants, given inputs, and what follows from them.
///
/// Sizes that a graph computes for itself (the shape of one tensor becoming that of another) are found by evaluating the
/// nodes they depend on with the operations' references.
final class ONNXKnownValues {
  /// Larger tensors are never needed to know a shape.
  private static let mostElements = 1 << 20

  /// What is known of an input of the graph, by its position.
  private let source: (Int) throws -> Answer
  private var known: [ValueID: HostTensor] = [:]

  init(source: @escaping (Int) throws -> Answer) { self.source = source }

  enum Answer {
    case tensor(HostTensor)
    /// It depends on what is only known when the graph runs.
    case depends(on: String)
  }

  func value(_ value: ValueID, _ graph: Graph) throws -> Answer {
    if let tensor = known[value] { return .tensor(tensor) }
    var needed: Set<NodeID> = []
    var inputs: [(position: Int, value: ValueID)] = []
    var stack = [value]
    while let next = stack.popLast() {
      if known[next] != nil { continue }
      switch graph.definition(next) {
      case .input(let index): inputs.append((index, next))
      case .result(let id, _):
        if !needed.insert(id).inserted { continue }
        if let reason = obstacle(graph.nodes[id.index], graph) { return .depends(on: reason) }
        stack.append(contentsOf: graph.nodes[id.index].inputs)
      }
    }
    for input in inputs {
      switch try source(input.position) {
      case .tensor(let tensor): known[input.value] = tensor
      case .depends(let reason): return .depends(on: reason)
      }
    }
    for id in needed.sorted() { try evaluate(graph.nodes[id.index], graph) }
    return known[value].map { .tensor($0) } ?? .depends(on: "a value that was not computed")
  }

  /// Why a node cannot be evaluated beforehand.
  private func obstacle(_ node: Node, _ graph: Graph) -> String? {
    for result in node.results {
      guard let sizes = graph.type(result).shape.sizes else {
        return "the symbols of \(graph.type(result)): bind them"
      }
      let count = sizes.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
      if count > ONNXKnownValues.mostElements && !(node.operation is Constant) {
        return "a tensor of \(count) elements"
      }
    }
    if let dimension = node.operation as? Dimension, dimension.dimension.value == nil {
      return "symbol \(dimension.dimension): bind it"
    }
    return nil
  }

  private func evaluate(_ node: Node, _ graph: Graph) throws {
    let operands = node.inputs.compactMap { known[$0] }
    let context = ReferenceContext(operands, outputs: node.results.map { graph.type($0) }, graphs: node.graphs)
    for (value, tensor) in zip(node.results, try node.operation.reference(context)) { known[value] = tensor }
  }
}
