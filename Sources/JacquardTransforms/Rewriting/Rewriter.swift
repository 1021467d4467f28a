import JacquardCore
import JacquardIR

/// Walks a graph once in topological order, copies it into a builder, and applies rules at each node until none fits.
///
/// What is upstream of a node is final when the node is reached, so one walk reaches the fixed point; hash-consing merges
/// equal nodes on the way. Near-linear in the number of nodes plus firings.
final class Rewriter {
  /// A replacement as it happened, in numbers of the builder.
  struct Event {
    /// nil where an operand was replaced and the node built anew.
    var rule: Rule?
    var consumed: [NodeID]
    var produced: [NodeID]
  }

  private enum State {
    case untouched, active
    case done([ValueID])
  }

  let builder: GraphBuilder
  let rules: RuleSet
  private(set) var events: [Event] = []
  /// Names of nodes of the source, by node of the builder: given back when the result is compacted.
  private(set) var names: [NodeID: [Origin]] = [:]
  /// Names that an earlier rewriter in the same builder has kept.
  private let inherited: [NodeID: [Origin]]
  /// For each node of the builder, the node of the source during whose visit it was made.
  private(set) var madeFor: [NodeID?] = []
  private var context: RewriteContext
  /// The rules to try at each kind of operation.
  private var byKind: [ObjectIdentifier: RuleSet.Candidates] = [:]
  private var states: [State] = []
  private var stack: [String] = []
  private var firingsHere = 0
  private var current: Node?
  /// Nodes that the builder had before: the source itself, if a graph is rewritten in its own builder.
  private let existing: Int

  /// Nesting of firings, and firings at one node, after which rules are taken to run in circles.
  static let depthLimit = 100
  static let firingLimit = 10_000

  init(
    _ builder: GraphBuilder, _ rules: RuleSet, opaque: Set<ValueID> = [], foldingBudget: Int = 64 << 10,
    names: [NodeID: [Origin]] = [:]
  ) {
    self.builder = builder
    self.rules = rules
    inherited = names
    existing = builder.graph.nodes.count
    context = RewriteContext(builder, opaque: opaque, foldingBudget: foldingBudget)
  }

  /// Visits nodes of the source in order.
  ///
  /// - Parameters:
  ///   - map: values of the source that are known in the builder; filled with those of the visited nodes.
  ///   - quiet: nodes before this one are known to fit no rule.
  func walk(_ source: Graph, _ visited: [Bool], _ map: inout [ValueID?], quietBefore quiet: Int = 0) throws {
    let uses = Rewriter.useCounts(source, visited)
    for value in source.inputValues { if let new = map[value.index] { context.addUses(uses[value.index], of: new) } }
    for node in source.nodes where visited[node.id.index] {
      let inputs = node.inputs.compactMap { map[$0.index] }
      let results = try visit(node, inputs, of: source, isQuiet: node.id.index < quiet)
      for (old, new) in zip(node.results, results) where map[old.index] == nil {
        map[old.index] = new
        context.addUses(uses[old.index], of: new)
      }
    }
  }

  /// What only probes read does not count, so that rules fit as they would without them.
  private static func useCounts(_ source: Graph, _ visited: [Bool]) -> [Int] {
    var uses = [Int](repeating: 0, count: source.valueCount)
    let results = source.resultRoots
    let counted = results.count == source.roots.count ? visited : source.liveNodes(for: results)
    for node in source.nodes where visited[node.id.index] && counted[node.id.index] {
      for input in node.inputs { uses[input.index] += 1 }
    }
    for root in results { uses[root.index] += 1 }
    return uses
  }

  /// Tries the rules at the nodes of a graph that the builder extends, in order, up to the first at which one fits.
  ///
  /// - Returns: the number of that node, or of nodes if there is none. The builder is of no use afterwards.
  func firstFiring(_ source: Graph, _ visited: [Bool]) throws -> Int {
    let uses = Rewriter.useCounts(source, visited)
    for value in source.inputValues { context.addUses(uses[value.index], of: value) }
    for node in source.nodes where visited[node.id.index] {
      current = node
      if try fits(node) { return node.id.index }
      for value in node.results { context.addUses(uses[value.index], of: value) }
    }
    return source.nodes.count
  }

  private func fits(_ node: Node) throws -> Bool {
    let candidates = candidates(for: node.operation)
    for (index, apply) in candidates.closures.enumerated() {
      context.looked.removeAll(keepingCapacity: true)
      if let results = try attempt(apply, candidates.rules[index], node), results != node.results { return true }
    }
    return false
  }

  private func visit(
    _ node: Node, _ inputs: [ValueID], of source: Graph, isQuiet: Bool
  ) throws -> [ValueID] {
    current = node
    firingsHere = 0
    builder.origins = existing > 0 ? node.origins : node.origins.map(\.unnamed)
    let areOfSameTypes = zip(node.inputs, inputs).allSatisfy { source.type($0) == builder.type($1) }
    let types = areOfSameTypes ? node.results.map { source.type($0) } : nil
    let first = try builder.append(node.operation, inputs, graphs: node.graphs, types: types)
    note()
    if isQuiet, let value = first.first, case .result(let id, _) = builder.graph.definition(value) {
      settle(id, first)
    }
    let results = try first.map(resolve)
    keepNames(of: node, on: results)
    return results
  }

  /// Remembers for which node of the source the newest nodes were made.
  private func note() {
    let missing = builder.graph.nodes.count - madeFor.count
    if missing > 0 { madeFor.append(contentsOf: repeatElement(current?.id, count: missing)) }
  }

  private func keepNames(of node: Node, on results: [ValueID]) {
    let named = node.origins.filter { $0.name != nil } + (inherited[node.id] ?? [])
    guard !named.isEmpty, let value = results.first, case .result(let id, _) = builder.graph.definition(value)
    else { return }
    names[id, default: []] += named
  }

  // MARK: Fixed point

  /// The final form of a value of the builder.
  private func resolve(_ value: ValueID) throws -> ValueID {
    guard case .result(let id, let k) = builder.graph.definition(value), !context.opaque.contains(value)
    else { return value }
    addStates(upTo: id)
    if id.index < existing, let current, id > current.id { return value }
    switch states[id.index] {
    case .done(let results): return results[k]
    case .active: throw circle()
    case .untouched: return try simplify(id)[k]
    }
  }

  private func addStates(upTo id: NodeID) {
    let missing = id.index + 1 - states.count
    if missing > 0 { states.append(contentsOf: repeatElement(.untouched, count: missing)) }
  }

  /// Takes the results of a node as final.
  private func settle(_ id: NodeID, _ results: [ValueID]) {
    addStates(upTo: id)
    states[id.index] = .done(results)
  }

  private func simplify(_ id: NodeID) throws -> [ValueID] {
    states[id.index] = .active
    let node = builder.graph.nodes[id.index]
    let inputs = try node.inputs.map(resolve)
    let results = inputs == node.inputs ? try fire(node) : try rebuild(node, inputs)
    states[id.index] = .done(results)
    return results
  }

  private func rebuild(_ node: Node, _ inputs: [ValueID]) throws -> [ValueID] {
    // Rules keep types.
    let results = try builder.append(
      node.operation, inputs, graphs: node.graphs, types: node.results.map { builder.type($0) })
    note()
    record(nil, [node.id], results, from: builder.graph.nodes.count)
    return try results.map(resolve)
  }

  /// Tries the rules at a node whose operands are final.
  private func fire(_ node: Node) throws -> [ValueID] {
    let candidates = candidates(for: node.operation)
    for (index, apply) in candidates.closures.enumerated() {
      context.looked.removeAll(keepingCapacity: true)
      let before = builder.graph.nodes.count
      guard let results = try attempt(apply, candidates.rules[index], node) else { continue }
      note()
      if results == node.results { continue }
      let rule = candidates.rules[index]
      try check(results, rule, node)
      let consumed = absorbed(node, results, before: before)
      record(rule, consumed, results, from: before)
      builder.addOrigins(consumed.flatMap { builder.graph.nodes[$0.index].origins.map(\.unnamed) }, to: results)
      return try descend(rule, results)
    }
    return node.results
  }

  private func candidates(for operation: any JacquardIR.Operation) -> RuleSet.Candidates {
    let kind = ObjectIdentifier(type(of: operation))
    if let known = byKind[kind] { return known }
    let found = rules.candidates(for: operation)
    byKind[kind] = found
    return found
  }

  private func attempt(_ apply: Rule.Apply, _ rule: @autoclosure () -> Rule, _ node: Node) throws -> [ValueID]? {
    do {
      return try apply(node, &context)
    } catch let error as Diagnostic {
      let rule = rule()
      throw error.at("rule '\(rule.name)' (\(rule.site)) at \(builder.graph.describe(node))").at(node.site)
    }
  }

  private func descend(_ rule: Rule, _ results: [ValueID]) throws -> [ValueID] {
    stack.append(rule.name)
    firingsHere += 1
    if stack.count > Rewriter.depthLimit || firingsHere > Rewriter.firingLimit { throw circle() }
    let final = try results.map(resolve)
    stack.removeLast()
    return final
  }

  private func circle() -> Diagnostic {
    var names: [String] = []
    for name in stack.suffix(8) where !names.contains(name) { names.append(name) }
    let text = names.map { "'\($0)'" }.joined(separator: ", ")
    return Diagnostic(
      "rules of '\(rules.name)' run in circles: \(text)", kind: .internalError,
      place: current.map { $0.name ?? "\($0.operationName) %\($0.id.index)" }, site: current?.site)
  }

  /// A rule must keep types, and give values of the graph that it rewrites.
  private func check(_ results: [ValueID], _ rule: Rule, _ node: Node) throws {
    if results.contains(where: { !(0..<builder.graph.valueCount).contains($0.index) }) {
      throw Diagnostic(
        "rule '\(rule.name)' (\(rule.site)) gives a value that is not of the graph", kind: .internalError,
        site: node.site)
    }
    let (old, new) = (node.results.map(builder.type), results.map(builder.type))
    if old != new {
      let (was, is_) = ("\(old.map(\.description))", "\(new.map(\.description))")
      throw Diagnostic(
        "rule '\(rule.name)' (\(rule.site)) changes the type of \(node.operationName) from \(was) to \(is_)",
        kind: .internalError, site: node.site)
    }
  }

  // MARK: Record

  private func record(_ rule: Rule?, _ consumed: [NodeID], _ results: [ValueID], from before: Int) {
    var produced: [NodeID] = []
    if before < builder.graph.nodes.count { produced = (before..<builder.graph.nodes.count).map { NodeID($0) } }
    for value in results {
      if case .result(let id, _) = builder.graph.definition(value), !produced.contains(id) { produced.append(id) }
    }
    events.append(Event(rule: rule, consumed: consumed, produced: produced))
  }

  /// The root and the nodes under it that the rule looked at and whose place the replacement takes: those between
  /// the root and the values that the replacement reads.
  private func absorbed(_ root: Node, _ results: [ValueID], before: Int) -> [NodeID] {
    var borders = Set(results)
    for index in before..<builder.graph.nodes.count { borders.formUnion(builder.graph.nodes[index].inputs) }
    let candidates = Set(context.looked)
    var found = [root.id]
    var next = 0
    while next < found.count {
      for input in builder.graph.nodes[found[next].index].inputs where !borders.contains(input) {
        guard case .result(let id, _) = builder.graph.definition(input), candidates.contains(id), !found.contains(id)
        else { continue }
        found.append(id)
      }
      next += 1
    }
    return found
  }
}

extension Origin {
  var unnamed: Origin { Origin(scope: scope, site: site) }
}

extension GraphBuilder {
  func addOrigins(_ origins: [Origin], to values: [ValueID]) {
    for value in values { addOrigins(origins, to: value) }
  }
}
