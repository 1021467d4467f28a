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

  private let given: [String: HostTensor]
  private var known: [ValueID: HostTensor] = [:]
  /// Inputs whose values were used, in the order of use.
  private(set) var used: [String] = []

  init(given: [String: HostTensor]) { self.given = given }

  enum Answer {
    case tensor(HostTensor)
    /// It depends on what is only known when the graph runs.
    case depends(on: String)
  }

  func value(_ value: ValueID, _ graph: Graph) throws -> Answer {
    if let tensor = known[value] { return .tensor(tensor) }
    var needed: Set<NodeID> = []
    var inputs: [String] = []
    var stack = [value]
    while let next = stack.popLast() {
      if known[next] != nil { continue }
      switch graph.definition(next) {
      case .input(let index):
        let name = graph.inputs[index].name
        guard let tensor = given[name], tensor.type == graph.type(next) else { return .depends(on: "input '\(name)'") }
        known[next] = tensor
        inputs.append(name)
      case .result(let id, _):
        if !needed.insert(id).inserted { continue }
        if let reason = obstacle(graph.nodes[id.index], graph) { return .depends(on: reason) }
        stack.append(contentsOf: graph.nodes[id.index].inputs)
      }
    }
    for id in needed.sorted() { try evaluate(graph.nodes[id.index], graph) }
    for name in inputs where !used.contains(name) { used.append(name) }
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
