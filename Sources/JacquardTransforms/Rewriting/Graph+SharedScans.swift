import JacquardCore
import JacquardIR
import JacquardOps

extension Graph {
  /// The graph with scans that differ in nothing but what they stack joined to one: a scan, and that which its gradient adds to
  /// know the carried values before each trip. What nothing uses is not stacked.
  ///
  /// Linear in the graph's size. - Throws: `Diagnostic` if a type rule fails.
  public func sharingScans() throws -> Graph {
    let live = liveNodes()
    let scans = nodes.filter { live[$0.id.index] && $0.operation is Scan }
    if scans.isEmpty { return self }
    let wanted = wantedValues(live)
    var stacked: [ScanIdentity: [ValueID]] = [:]
    for node in scans {
      let identity = ScanIdentity(node)
      var values = stacked[identity] ?? []
      for (result, value) in node.stackedOutputs where wanted[result.index] && !values.contains(value) {
        values.append(value)
      }
      stacked[identity] = values
    }
    return try rebuilding(into: GraphBuilder(name: name, symbols: symbols)) { builder, node, inputs in
      guard let values = stacked[ScanIdentity(node)] else {
        return try builder.append(node.operation, inputs, graphs: node.graphs)
      }
      return try builder.append(node, inputs, stacking: values)
    }
  }

  private func rebuilding(
    into builder: GraphBuilder, _ transform: (GraphBuilder, Node, [ValueID]) throws -> [ValueID]
  ) throws -> Graph {
    try rebuilding(into: builder) { node, inputs in try transform(builder, node, inputs) }
  }

  /// For each value, whether a live node or a root uses it.
  private func wantedValues(_ live: [Bool]) -> [Bool] {
    var wanted = [Bool](repeating: false, count: valueCount)
    for root in roots { wanted[root.index] = true }
    for node in nodes where live[node.id.index] { for input in node.inputs { wanted[input.index] = true } }
    return wanted
  }
}

extension Node {
  /// The stacked results of a scan, each with the value of the body that it stacks.
  fileprivate var stackedOutputs: [(result: ValueID, value: ValueID)] {
    guard let scan = operation as? Scan else { return [] }
    return zip(results, graphs[0].outputs.map(\.value)).dropFirst(scan.carried).map { ($0, $1) }
  }
}

/// What two scans that can be one have in common.
private struct ScanIdentity: Hashable {
  private let scan: Scan?
  private let inputs: [ValueID]
  private let body: GraphStructure?
  private let carried: [ValueID]

  init(_ node: Node) {
    guard let scan = node.operation as? Scan, let graph = node.graphs.first else {
      (self.scan, inputs, body, carried) = (nil, [], nil, [])
      return
    }
    self.scan = scan
    inputs = node.inputs
    let builder = GraphBuilder(extending: graph)
    builder.clearRoots()
    body = GraphStructure(builder.graph)
    carried = graph.outputs.prefix(scan.carried).map(\.value)
  }
}

extension GraphBuilder {
  /// Appends a scan that stacks given values of its body, and gives the results that the node had: any value for one that
  /// nothing uses.
  fileprivate func append(_ node: Node, _ inputs: [ValueID], stacking values: [ValueID]) throws -> [ValueID] {
    let body = node.graphs[0]
    let carried = node.results.count - node.stackedOutputs.count
    let inner = GraphBuilder(extending: body)
    inner.clearRoots()
    for (index, value) in (body.outputs.prefix(carried).map(\.value) + values).enumerated() {
      try inner.output("y\(index)", value)
    }
    let results = try append(node.operation, inputs, graphs: [inner.graph])
    return Array(results.prefix(carried))
      + node.stackedOutputs.compactMap { output in
        values.firstIndex(of: output.value).map { results[carried + $0] } ?? results.first
      }
  }
}
