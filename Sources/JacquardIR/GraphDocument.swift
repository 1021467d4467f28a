import JacquardCore

/// Where the constants of a written graph go.
public enum ConstantPlacement: Hashable, Sendable {
  /// All into the text itself, whatever their size.
  case inline
  /// Those over 64 bytes into a safetensors file of this name in the same folder: the canonical form.
  case beside(String)
}

/// A graph as text, and the constants that stand beside it.
public struct GraphDocument: Sendable {
  /// The graph in JSON or in the text form.
  public var text: String
  /// By their names in the safetensors file; empty if the text holds all.
  public var constants: [String: HostTensor]

  /// A document; without `constants` one that needs no file beside it.
  public init(text: String, constants: [String: HostTensor] = [:]) {
    self.text = text
    self.constants = constants
  }
}

/// Names that the format fixes.
package enum GraphFormat {
  static let name = "jacquard.graph"
  static let version = 1
  /// Most bytes of a graph file; constants stand beside it.
  static let longestFile = 1 << 26

  /// What a value is called in files: the name of its input or node, or `%K` for node K without a name; `:k` marks result k > 0.
  package static func label(_ value: ValueID, in graph: Graph) -> String {
    switch graph.definition(value) {
    case .input(let index): graph.inputs[index].name
    case .result(let id, let k): label(graph.nodes[id.index]) + (k == 0 ? "" : ":\(k)")
    }
  }

  package static func label(_ node: Node) -> String { node.name ?? "%\(node.id.index)" }
}
