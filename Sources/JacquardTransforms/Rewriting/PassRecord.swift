import JacquardCore
import JacquardIR

/// What one pass did: enough to answer what changed, why, and what became of each node.
public struct PassRecord: Sendable {
  /// One use of a rule.
  public struct Firing: Hashable, Sendable {
    /// The rule's name.
    public let rule: String
    /// What the rule does and why it may.
    public let explanation: String
    /// Where the rule is written.
    public let site: SourceSite
    /// The nodes replaced, in numbers of the graph before the pass.
    public let old: [NodeID]
    /// The nodes in their place, in numbers of the graph after the pass; empty if an input took it.
    public let new: [NodeID]
  }

  /// The pass's name.
  public let name: String
  /// The pass in one sentence.
  public let explanation: String
  /// Time it took.
  public let seconds: Double
  /// Nodes of the graph that it was given.
  public let nodesBefore: Int
  /// Nodes of the graph that it made.
  public let nodesAfter: Int
  /// Every use of a rule, in order.
  public let firings: [Firing]
  /// For each node before the pass, the nodes after it that compute what it did; empty if it went without a trace.
  public let successors: [[NodeID]]
  /// The graph after the pass.
  public let graph: Graph
  /// Nothing in the graph could match, so nothing was tried.
  public let skipped: Bool

  /// Whether the graph after the pass is another one.
  public var isChange: Bool { !firings.isEmpty || nodesBefore != nodesAfter }

  /// How often each rule fired, most often first.
  public var counts: [(rule: String, count: Int)] {
    Dictionary(firings.map { ($0.rule, 1) }, uniquingKeysWith: +)
      .map { (rule: $0.key, count: $0.value) }
      .sorted { $0.count != $1.count ? $0.count > $1.count : $0.rule < $1.rule }
  }
}

/// What the passes over a graph did, in order.
public struct CompilationRecord: Sendable {
  /// The graph before the first pass.
  public let source: Graph
  /// In the order in which they ran.
  public internal(set) var passes: [PassRecord]

  /// A record of a graph to which passes are added as they run.
  public init(source: Graph, passes: [PassRecord] = []) {
    self.source = source
    self.passes = passes
  }

  /// The graph after the last pass.
  public var graph: Graph { passes.last?.graph ?? source }

  /// The nodes of the last graph that a node of the source became.
  public func successors(of node: NodeID) -> [NodeID] {
    passes.reduce([node]) { nodes, pass in PassRecord.united(nodes.map { pass.successors[$0.index] }) }
  }

  /// For each node of the last graph, the nodes of the source that it came from. Linear in the records.
  public func sources() -> [[NodeID]] {
    var sources: [[NodeID]] = graph.nodes.map { _ in [] }
    for node in source.nodes {
      for new in successors(of: node.id) { sources[new.index].append(node.id) }
    }
    return sources
  }
}

extension PassRecord {
  static func united(_ lists: [[NodeID]]) -> [NodeID] {
    if lists.count == 1, lists[0].count < 2 { return lists[0] }
    var all: [NodeID] = []
    for list in lists { all += list }
    if all.count < 2 { return all }
    if all.count <= 16 {
      return all.indices.compactMap { all[..<$0].contains(all[$0]) ? nil : all[$0] }
    }
    var seen: Set<NodeID> = []
    return all.filter { seen.insert($0).inserted }
  }

  /// The record of a pass that leaves the graph alone.
  ///
  /// - Parameter seconds: what it took to find that out; nil if nothing was tried.
  static func unchanged(
    _ name: String, _ explanation: String, _ graph: Graph, seconds: Double? = nil
  ) -> PassRecord {
    PassRecord(
      name: name, explanation: explanation, seconds: seconds ?? 0, nodesBefore: graph.nodes.count,
      nodesAfter: graph.nodes.count, firings: [], successors: graph.nodes.map { [$0.id] }, graph: graph,
      skipped: seconds == nil)
  }
}
