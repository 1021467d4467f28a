import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardPlanner

/// Finds the node that made the NaN which a kernel has just stored.
///
/// A value is read from memory where it still lies there, else replayed from its node's operands by the reference.
struct NaNSearch {
  let check: NaNCheck
  let plan: Plan
  /// The kernel that has just run.
  let kernel: Int
  /// Copies of what the kernel read and wrote over.
  let kept: [BufferID: HostTensor]
  /// The contents of a buffer's memory.
  let memory: (BufferID) -> HostTensor?

  private var values: [ValueID: HostTensor?] = [:]

  init(
    _ check: NaNCheck, _ plan: Plan, kernel: Int, kept: [BufferID: HostTensor],
    memory: @escaping (BufferID) -> HostTensor?
  ) {
    (self.check, self.plan, self.kernel, self.kept, self.memory) = (check, plan, kernel, kept, memory)
  }

  /// - Parameter faulty: buffers that the kernel has completed and that hold NaN; at least one.
  mutating func fault(in faulty: [BufferID]) -> Diagnostic {
    guard let graph = check.graph else { return kernelFault(faulty[0]) }
    let targets = faulty.compactMap { plan.program[$0].node }.map { graph.nodes[$0.index] }
    guard let culprit = culprit(graph, targets) else { return kernelFault(faulty[0]) }
    let operands = culprit.inputs.compactMap { value($0, graph) }
    if operands.count == culprit.inputs.count {
      // The reference also knows where in a loop it is. What it does not reproduce (it computes in doubles) is read from memory.
      do {
        _ = try graph.evaluate(culprit, operands, observer: NaNCheck.observe)
      } catch let error as Diagnostic {
        return error
      } catch {}
    }
    let results = culprit.results.compactMap { value($0, graph) } + faulty.compactMap(memory)
    guard let tensor = results.first(where: { $0.firstNaN != nil }) else { return kernelFault(faulty[0]) }
    return fault(culprit, tensor, graph)
  }

  private mutating func fault(_ node: Node, _ tensor: HostTensor, _ graph: Graph) -> Diagnostic {
    var operands: [(name: String, value: HostTensor)] = []
    for input in node.inputs {
      if let tensor = value(input, graph) { operands.append((graph.label(input), tensor)) }
    }
    let report = NaNReport(
      operation: node.operationName, scope: node.scope, result: nil, value: tensor, operands: operands)
    return report.diagnostic.at(graph.describe(node)).at(node.site)
  }

  // MARK: Going back

  /// The first node, in the graph's order, from which the NaN of others comes and whose operands had none.
  private mutating func culprit(_ graph: Graph, _ targets: [Node]) -> Node? {
    var found: Set<NodeID> = []
    var seen = Set(targets.map(\.id))
    var stack = targets
    while let node = stack.popLast() {
      var hasNaN = false
      for input in node.inputs where value(input, graph)?.firstNaN != nil {
        guard let producer = graph.producer(input) else { continue }
        hasNaN = true
        if seen.insert(producer.id).inserted { stack.append(producer) }
      }
      if !hasNaN { found.insert(node.id) }
    }
    return found.min().map { graph.nodes[$0.index] }
  }

  /// A value as it was when the kernel ran; nil if neither it nor what it is made of is there any more.
  private mutating func value(_ value: ValueID, _ graph: Graph) -> HostTensor? {
    if let known = values[value] { return known }
    if let buffer = check.buffers[value.index], let tensor = stored(buffer) {
      values[value] = tensor
      return tensor
    }
    guard let node = graph.producer(value) else { return nil }
    let operands = node.inputs.compactMap { self.value($0, graph) }
    guard operands.count == node.inputs.count, let results = try? graph.evaluate(node, operands) else {
      for result in node.results { values[result] = .some(nil) }
      return nil
    }
    for (result, tensor) in zip(node.results, results) { values[result] = tensor }
    return values[value] ?? nil
  }

  /// The contents of a buffer as the kernel found or left them; nil if others lie in its place.
  private func stored(_ buffer: BufferID) -> HostTensor? {
    if let copy = kept[buffer] { return copy }
    switch plan.storage[buffer.index] {
    case .unused, .scratch: return nil
    case .constant: return memory(buffer)
    case .input, .arena: break
    }
    guard let region = plan.region(buffer) else { return nil }
    let kernels = plan.program.kernels
    let writer = kernels.lastIndex { $0.writes.contains(buffer) } ?? -1
    if writer > kernel { return nil }
    let isGone = kernels.indices.dropFirst(writer + 1).prefix(max(0, kernel - writer)).contains { later in
      kernels[later].writes.contains { plan.region($0)?.overlaps(region) ?? false }
    }
    return isGone ? nil : memory(buffer)
  }

  // MARK: Without a graph

  /// What is known where only the kernel is: its nodes and what it reads.
  private func kernelFault(_ buffer: BufferID) -> Diagnostic {
    let source = plan.program.kernels[kernel]
    let node = plan.program[buffer].node.flatMap { plan.node($0) }
    let nodes = source.nodes.compactMap { plan.node($0) }
    let list = nodes.map { $0.title + ($0.site.map { " (\($0))" } ?? "") }.joined(separator: ", ")
    let place = memory(buffer).flatMap { tensor in tensor.firstNaN.map { NaNReport.place($0, tensor) } }
    var parts = ["makes NaN in '\(plan.program[buffer].name)': \(place ?? "")"]
    if let scope = node?.scope, !scope.isEmpty { parts.append("scope \(scope)") }
    if nodes.count > 1 { parts.append("its nodes: \(list)") }
    for read in Set(source.reads).sorted(by: { $0.index < $1.index }) {
      if let tensor = stored(read) { parts.append("\(plan.program[read].name) \(NaNReport.range(tensor))") }
    }
    return Diagnostic(
      parts.joined(separator: "; "), kind: .runtime, place: "kernel \(kernel) '\(source.name)'",
      site: node?.site.flatMap { SourceSite(parsing: $0) })
  }
}
