import JacquardCore
import JacquardIR

/// In what two graphs differ. Names of graphs and nodes, scopes and source lines say nothing of what a graph computes and are not
/// compared.
public struct GraphDifference: Hashable, Sendable {
  /// What is added, removed or changed.
  public enum Part: String, Hashable, Sendable {
    /// A symbol and its default.
    case symbol
    /// An input with role, type and hints.
    case input
    /// A node of the graph or of a sub-graph.
    case node
    /// An output and the value that it names.
    case output
    /// What replaces an input after a step.
    case update
  }

  /// What became of it.
  public enum Kind: String, Hashable, Sendable {
    /// Only the new graph has it.
    case added
    /// Only the old graph has it.
    case removed
    /// Both have it.
    case changed
  }

  /// One thing that changed of a part.
  public struct Change: Hashable, Sendable {
    /// `type`, `attribute axis`, `input 0`, ...
    public var aspect: String
    /// Empty where there was nothing.
    public var old: String
    /// Empty where there is nothing now.
    public var new: String
  }

  /// One difference.
  public struct Entry: Hashable, Sendable {
    /// What became of the part.
    public var kind: Kind
    /// Which part of a graph.
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
