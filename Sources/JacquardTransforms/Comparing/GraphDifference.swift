import JacquardCore
import JacquardIR

/// In what two graphs differ. Names of graphs and nodes, scopes and source lines say nothing of what a graph computes and are not
/// compared.
public struct GraphDifference: Hashable, Sendable {
  /// What is added, removed or changed.
  public enum Part: String, Hashable, Sendable {
    /// Symbols, inputs, outputs and updates by their names; nodes by their names, else by what they compute.
    case symbol, input, node, output, update
  }

  /// What happened to a part between the old graph and the new one.
  public enum Kind: String, Hashable, Sendable {
    /// There in the new graph only, in the old one only, or in both.
    case added, removed, changed
  }

  /// What of it changed: `type`, `attribute axis`, `input 0`, ...
  public struct Change: Hashable, Sendable {
    /// In words, as above.
    public var aspect: String
    /// Empty where there was nothing.
    public var old: String
    /// Empty where there is nothing now.
    public var new: String
  }

  /// One difference.
  public struct Entry: Hashable, Sendable {
    /// What happened.
    public var kind: Kind
    /// To what.
    public var part: Part
    /// Of a part of a sub-graph, after the names of the nodes around it: `loop/0/h`. A removed part has its name in the old graph, any
    /// other in the new one.
    public var name: String
    /// What is added or removed, such as `dot f32[N,10]`.
    public var text: String
    /// Of a changed part; in order.
    public var changes: [Change]
  }

  /// Symbols, inputs, nodes, outputs, updates; of each kind in the order of the new graph, what was removed after it.
  public private(set) var entries: [Entry] = []
  /// Pairs of nodes that are the same but perhaps for what `entries` says.
  public private(set) var matchedNodes = 0

  /// Whether both compute the same, node by node.
  public var isEmpty: Bool { entries.isEmpty }

  /// Compares two graphs. Nodes are matched by name, then by what they compute from matched operands, then by their place before what
  /// is matched.
  public init(from old: Graph, to new: Graph) { self.init(GraphMatching(old, new), prefix: "") }

  private init(_ matching: GraphMatching, prefix: String) {
    let comparison = GraphComparison(matching)
    func add(_ part: Part, _ found: [GraphComparison.Finding]) {
      entries += found.map {
        Entry(kind: $0.kind, part: part, name: prefix + $0.name, text: $0.text, changes: $0.changes)
      }
    }
    add(.symbol, comparison.symbols())
    add(.input, comparison.inputs())
    add(.node, comparison.nodes())
    for (name, old, new) in comparison.subGraphs() {
      let inner = GraphDifference(GraphMatching(old, new), prefix: "\(prefix)\(name)/")
      entries += inner.entries
    }
    add(.output, comparison.outputs())
    add(.update, comparison.updates())
    matchedNodes = matching.count
  }
}
