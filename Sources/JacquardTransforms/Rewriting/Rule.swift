import JacquardCore
import JacquardIR

/// One rewrite: data with a name, a reason and the line that states it.
public struct Rule: Sendable {
  /// At which nodes a rule is tried.
  public enum Roots: Sendable {
    /// Nodes of these operations.
    case operations([String])
    /// Nodes of a kind of operation: the answer must be the same for all operations of one type.
    case matching(@Sendable (any JacquardIR.Operation) -> Bool)
  }

  /// Values to use instead of a node's results, or nil if the rule does not fit.
  ///
  /// New nodes are appended to `RewriteContext.builder`; the engine rewrites them in turn. They compute the same value:
  /// bit for bit, the sign of a zero aside, unless the rule's explanation says otherwise.
  public typealias Apply = @Sendable (Node, inout RewriteContext) throws -> [ValueID]?

  /// What records and `Pipeline.Options` call it.
  public let name: String
  /// What it does and why it may: `x + 0 is x`.
  public let explanation: String
  /// Where the rule is written.
  public let site: SourceSite
  /// The nodes at which it is tried.
  public let roots: Roots
  /// Answers with the new values of a node, or nil where it does not fit.
  public let apply: Apply

  /// A rule that may look at all results of a node. File and line are where it is written.
  public init(
    _ name: String, _ explanation: String, roots: Roots, file: String = #fileID, line: Int = #line,
    apply: @escaping Apply
  ) {
    self.name = name
    self.explanation = explanation
    self.roots = roots
    self.apply = apply
    site = SourceSite(file: file, line: line)
  }

  /// Whether it may fit a node of an operation.
  func mayMatch(_ operation: any JacquardIR.Operation) -> Bool {
    switch roots {
    case .operations(let names): names.contains(type(of: operation).name)
    case .matching(let fits): fits(operation)
    }
  }

  /// A rule for operations with one result.
  public init(
    _ name: String, _ explanation: String, on roots: [String], file: String = #fileID, line: Int = #line,
    to rewrite: @escaping @Sendable (Node, inout RewriteContext) throws -> ValueID?
  ) {
    self.init(name, explanation, roots: .operations(roots), file: file, line: line) { node, context in
      try rewrite(node, &context).map { [$0] }
    }
  }
}

/// Rules with a name, found by the operation at their root. Earlier rules are tried first.
public struct RuleSet: Sendable {
  /// What messages call it: a pass gives its own name.
  public let name: String
  /// In the order in which they are tried.
  public let rules: [Rule]
  /// Rules for single operations.
  private let byRoot: [String: [Rule]]
  private let general: [Rule]

  /// A rule that stands in it twice (by name) counts once.
  public init(_ name: String, _ rules: [Rule]) {
    self.name = name
    var seen: Set<String> = []
    self.rules = rules.filter { seen.insert($0.name).inserted }
    var general: [Rule] = []
    var byRoot: [String: [Rule]] = [:]
    for rule in self.rules {
      switch rule.roots {
      case .matching: general.append(rule)
      case .operations(let names): for name in names { byRoot[name, default: []].append(rule) }
      }
    }
    self.general = general
    self.byRoot = byRoot
  }

  /// Rules to try at nodes of one kind, in order.
  final class Candidates {
    let rules: [Rule]
    let closures: [Rule.Apply]

    init(_ rules: [Rule]) {
      self.rules = rules
      closures = rules.map(\.apply)
    }
  }

  /// The rules to try at a node of an operation.
  func candidates(for operation: any JacquardIR.Operation) -> Candidates {
    Candidates((byRoot[type(of: operation).name] ?? []) + general.filter { $0.mayMatch(operation) })
  }

  /// Whether some rule may fit a node of an operation.
  public func mayMatch(_ operation: any JacquardIR.Operation) -> Bool {
    byRoot[type(of: operation).name] != nil || general.contains { $0.mayMatch(operation) }
  }

  /// Whether some rule may fit a node of a graph.
  func mayMatch(_ graph: Graph) -> Bool {
    var seen: Set<ObjectIdentifier> = []
    return graph.nodes.contains { node in
      seen.insert(ObjectIdentifier(type(of: node.operation))).inserted && mayMatch(node.operation)
    }
  }

  /// The set without the rules of these names.
  public func without(_ names: Set<String>) -> RuleSet {
    names.isEmpty ? self : RuleSet(name, rules.filter { !names.contains($0.name) })
  }

  /// The same rules under another name.
  public func named(_ name: String) -> RuleSet { RuleSet(name, rules) }

  /// The rules of both, those of the first tried before, under the name of the first.
  public static func + (a: RuleSet, b: RuleSet) -> RuleSet { RuleSet(a.name, a.rules + b.rules) }
}
