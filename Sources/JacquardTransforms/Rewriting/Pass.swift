import JacquardCore
import JacquardIR

/// A named step from graph to graph: a list of rules, applied until none fits.
public struct Pass: Sendable {
  /// What records, options and messages call it.
  public let name: String
  /// One sentence for people.
  public let explanation: String
  /// What the pass is for. It is skipped where none of these may fit.
  public let purpose: RuleSet
  /// Those, and the rules that tidy up after them.
  public let rules: RuleSet

  /// - Parameter tidying: rules that earlier passes have applied everywhere, needed again where this pass changes something.
  public init(_ name: String, _ explanation: String, _ purpose: RuleSet, tidying: RuleSet? = nil) {
    self.name = name
    self.explanation = explanation
    self.purpose = purpose.named(name)
    rules = (tidying.map { purpose + $0 } ?? purpose).named(name)
  }

  /// Applies the rules. Nodes that nothing needs are dropped.
  ///
  /// - Throws: `Diagnostic` naming the rule, if one fails or rules run in circles.
  public func run(_ graph: Graph, options: Pipeline.Options = .init()) throws -> PassRecord {
    let rules = rules.without(options.disabledRules)
    let live = graph.liveNodes()
    let purpose = purpose.without(options.disabledRules)
    if !live.contains(false) && !purpose.mayMatch(graph) { return .unchanged(name, explanation, graph) }
    let clock = ContinuousClock()
    let start = clock.now
    let quiet = try Rewriter(GraphBuilder(extending: graph), rules, foldingBudget: options.foldingBudget)
      .firstFiring(graph, live)
    if quiet == graph.nodes.count && !live.contains(false) {
      let elapsed = start.duration(to: clock.now)
      return .unchanged(name, explanation, graph, seconds: elapsed / .seconds(1))
    }
    let builder = GraphBuilder(name: graph.name, symbols: graph.symbols)
    let rewriter = Rewriter(builder, rules, foldingBudget: options.foldingBudget)
    var map = [ValueID?](repeating: nil, count: graph.valueCount)
    for (input, value) in zip(graph.inputs, graph.inputValues) { map[value.index] = try builder.input(input) }
    try rewriter.walk(graph, live, &map, quietBefore: quiet)
    try builder.setRoots(of: graph, map)
    let (after, kept) = builder.graph.compacted(names: rewriter.names)
    let fate = Fate(rewriter, graph, map, builder.graph, kept)
    let elapsed = start.duration(to: clock.now)
    return PassRecord(
      name: name, explanation: explanation, seconds: elapsed / .seconds(1), nodesBefore: graph.nodes.count,
      nodesAfter: after.nodes.count, firings: fate.firings, successors: fate.successors, graph: after, skipped: false)
  }
}

extension GraphBuilder {
  /// Gives the builder the outputs and updates of a graph, by a map from the graph's values.
  func setRoots(of graph: Graph, _ map: [ValueID?]) throws {
    for root in graph.outputs { if let value = map[root.value.index] { try output(root.name, value) } }
    for root in graph.updates {
      if let value = map[root.value.index] { try update(graph.inputs[root.input].name, value) }
    }
  }
}

/// What became of each node, worked out from the events of a rewrite.
private struct Fate {
  /// A node that many others absorb (the constant 1) is followed into this many only; else the record would be quadratic.
  private static let absorbedLimit = 64

  let firings: [PassRecord.Firing]
  let successors: [[NodeID]]

  /// Events are followed from the last to the first, so that the fate of what an event made is known. Linear.
  init(_ rewriter: Rewriter, _ source: Graph, _ map: [ValueID?], _ built: Graph, _ kept: [NodeID?]) {
    var fates: [[NodeID]] = kept.map { $0.map { [$0] } ?? [] }
    for event in rewriter.events.reversed() {
      let targets = PassRecord.united(event.produced.map { fates[$0.index] })
      for (position, node) in event.consumed.enumerated() {
        if position > 0 && fates[node.index].count >= Fate.absorbedLimit { continue }
        fates[node.index] = PassRecord.united([fates[node.index], targets])
      }
    }
    firings = rewriter.events.compactMap { event in
      guard let rule = event.rule else { return nil }
      let old = PassRecord.united(event.consumed.map { node in rewriter.madeFor[node.index].map { [$0] } ?? [] })
      let new = PassRecord.united(event.produced.map { fates[$0.index] })
      return PassRecord.Firing(
        rule: rule.name, explanation: rule.explanation, site: rule.site, old: old, new: new)
    }
    var successors = [[NodeID]](repeating: [], count: source.nodes.count)
    for (index, maker) in rewriter.madeFor.enumerated() {
      if let maker { Fate.add(fates[index], to: &successors[maker.index]) }
    }
    for node in source.nodes {
      for value in node.results {
        guard let new = map[value.index], case .result(let id, _) = built.definition(new) else { continue }
        Fate.add(fates[id.index], to: &successors[node.id.index])
      }
    }
    self.successors = successors.map { PassRecord.united([$0]) }
  }

  /// Most nodes have one fate, which is told twice.
  private static func add(_ nodes: [NodeID], to known: inout [NodeID]) {
    if known.isEmpty { known = nodes } else if known != nodes { known += nodes }
  }
}
