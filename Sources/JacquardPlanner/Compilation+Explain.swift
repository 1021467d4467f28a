import JacquardCore
import JacquardIR
import JacquardKernels

/// Why two nodes are in one kernel, or are not.
public struct FusionExplanation: Hashable, Sendable, CustomStringConvertible {
  /// What became of the two.
  public enum Answer: Hashable, Sendable {
    /// Both are in these kernels (numbers of the plan), by these steps of fusion; none if one of them was computed there from the start.
    case together(kernels: [Int], steps: [FusionRecord.Step.Kind])
    /// These have no kernel: constants, views of an array that readers read directly, or what nothing needs.
    case noKernel([NodeID])
    /// Fusion tried, and these are the reasons why it let them be.
    case refused([FusionRefusal.Reason])
    /// Other kernels stand between theirs. The borders of the shortest way, each with the reasons that keep it up.
    case apart([Border])
    /// Neither reads what the other writes, not even through other kernels.
    case independent
  }

  /// Two kernels (numbers of the plan), of which the second reads what the first writes, and why they did not become one.
  public struct Border: Hashable, Sendable {
    /// The kernel that writes.
    public let first: Int
    /// The kernel that reads.
    public let second: Int
    /// One or more: of each pair of nodes between which fusion tried.
    public let reasons: [FusionRefusal.Reason]
  }

  /// The node asked about first, of the optimised graph.
  public let first: NodeID
  /// The other one.
  public let second: NodeID
  /// Together or not, and why.
  public let answer: Answer
  /// The answer in a line, nodes and kernels by their names.
  public let description: String
}

extension Compilation {
  /// Why two nodes are not computed in one kernel, or that they are: what `inspect --why-not-fused` and its page tell of all pairs.
  ///
  /// - Parameters:
  ///   - first: a node of `graph`, the optimised graph. `record.successors(of:)` tells what became of a node of the source.
  ///   - second: another one.
  /// - Throws: `Diagnostic` if the graph has no such node.
  public func explain(fusing first: NodeID, _ second: NodeID) throws(Diagnostic) -> FusionExplanation {
    for id in [first, second] where !graph.nodes.indices.contains(id.index) {
      throw Diagnostic("the optimised graph has no node \(id.index); it has \(graph.nodes.count) nodes")
    }
    let answer = answer(first, second)
    let names = [first, second].map { "'\(graph.describe(graph.nodes[$0.index]))'" }
    return FusionExplanation(
      first: first, second: second, answer: answer, description: "\(names[0]) and \(names[1]): \(text(answer))")
  }

  /// Why two nodes are not computed in one kernel, by their names in the program or file.
  ///
  /// - Throws: `Diagnostic` if the optimised graph has no node of that name.
  public func explain(fusing first: String, _ second: String) throws(Diagnostic) -> FusionExplanation {
    try explain(fusing: try node(named: first), try node(named: second))
  }

  private func node(named name: String) throws(Diagnostic) -> NodeID {
    if let node = graph.nodes.first(where: { $0.origins.contains { $0.name == name } }) { return node.id }
    throw Diagnostic("the optimised graph has no node '\(name)'")
  }

  // MARK: Answer

  private func answer(_ a: NodeID, _ b: NodeID) -> FusionExplanation.Answer {
    let (mine, others) = (kernels(of: a), kernels(of: b))
    let without = [(a, mine), (b, others)].filter(\.1.isEmpty).map(\.0)
    if !without.isEmpty { return .noKernel(without) }
    let shared = mine.filter(others.contains)
    if !shared.isEmpty {
      let steps = fusion.steps.filter { joins($0.producer, $0.consumer, a, b) }
      return .together(kernels: shared, steps: distinct(steps.map(\.kind)))
    }
    let direct = fusion.refusals.filter { joins($0.producer, $0.consumer, a, b) }
    if !direct.isEmpty { return .refused(distinct(direct.map(\.reason))) }
    guard let path = path(mine, to: others) ?? path(others, to: mine) else { return .independent }
    return .apart(zip(path, path.dropFirst()).map(border))
  }

  private func kernels(of node: NodeID) -> [Int] {
    plan.program.kernels.indices.filter { plan.program.kernels[$0].nodes.contains(node) }
  }

  private func joins(_ producer: [NodeID], _ consumer: [NodeID], _ a: NodeID, _ b: NodeID) -> Bool {
    producer.contains(a) && consumer.contains(b) || producer.contains(b) && consumer.contains(a)
  }

  private func distinct<T: Hashable>(_ items: [T]) -> [T] {
    var seen: Set<T> = []
    return items.filter { seen.insert($0).inserted }
  }

  /// The shortest way from kernels to others by what they write and read; nil if there is none.
  private func path(_ start: [Int], to end: [Int]) -> [Int]? {
    let kernels = plan.program.kernels
    var before: [Int: Int?] = [:]
    for kernel in start { before[kernel] = .some(nil) }
    var queue = start
    var next = 0
    while next < queue.count {
      let kernel = queue[next]
      next += 1
      if end.contains(kernel) {
        return sequence(first: kernel) { before[$0] ?? nil }.reversed()
      }
      let written = Set(kernels[kernel].writes)
      for later in kernels.indices.dropFirst(kernel + 1) where before[later] == nil {
        guard kernels[later].reads.contains(where: written.contains) else { continue }
        before[later] = kernel
        queue.append(later)
      }
    }
    return nil
  }

  private func border(_ first: Int, _ second: Int) -> FusionExplanation.Border {
    let (a, b) = (Set(plan.program.kernels[first].nodes), Set(plan.program.kernels[second].nodes))
    let found = fusion.refusals.filter { a.isSuperset(of: $0.producer) && b.isSuperset(of: $0.consumer) }
    return FusionExplanation.Border(first: first, second: second, reasons: distinct(found.map(\.reason)))
  }

  // MARK: Text

  private func text(_ answer: FusionExplanation.Answer) -> String {
    switch answer {
    case .together(let kernels, let steps):
      let how = steps.isEmpty ? "" : " (\(steps.map(\.rawValue).joined(separator: ", ")))"
      return "both are in \(kernels.map(name).joined(separator: ", "))\(how)"
    case .noKernel(let nodes):
      let names = nodes.map { "'\(graph.describe(graph.nodes[$0.index]))'" }.joined(separator: " and ")
      return "no kernel computes \(names): a constant, a view that its readers read directly, or not needed"
    case .refused(let reasons): return "not fused, because \(list(reasons))"
    case .apart(let borders):
      let parts = borders.map { "\(name($0.first)) and \(name($0.second)): \(list($0.reasons))" }
      return "not fused; on the way from one to the other: \(parts.joined(separator: "; "))"
    case .independent: return "not fused, because neither reads what the other writes, not even through other kernels"
    }
  }

  private func name(_ kernel: Int) -> String { "kernel \(kernel) \(plan.program.kernels[kernel].name)" }

  private func list(_ reasons: [FusionRefusal.Reason]) -> String {
    reasons.isEmpty ? "no reason was kept for this pair" : reasons.map(\.rawValue).joined(separator: ", and ")
  }
}
