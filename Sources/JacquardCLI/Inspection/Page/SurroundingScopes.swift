import JacquardCore
import JacquardIR

/// Scopes for nodes that have none (activations between two layers): what the nodes that they read and the nodes that read them have in
/// common. Forward and backward pass are looked at apart.
struct SurroundingScopes {
  private typealias Path = [Substring]

  /// One a node: its own scope, or one inside it.
  private(set) var paths: [String] = []

  private let graph: Graph
  private let own: [Path]
  /// Nodes of one number are of one pass.
  private let passes: [Int]

  /// Linear in the graph's size.
  init(_ graph: Graph) {
    self.graph = graph
    own = graph.nodes.map { $0.scope.split(separator: "/") }
    passes = own.map(SurroundingScopes.pass)
    let before = common(forwards: true)
    let after = common(forwards: false)
    paths = graph.nodes.map { node in
      let around = [before[node.id.index], after[node.id.index]].compactMap { $0 }
      // What reads nothing (a constant) belongs to its readers.
      guard isLoose(node.id.index), around.count == 2 || node.inputs.isEmpty, let first = around.first else {
        return node.scope
      }
      let shared = around.dropFirst().reduce(first, SurroundingScopes.shared)
      return shared.starts(with: own[node.id.index]) ? shared.joined(separator: "/") : node.scope
    }
  }

  private static func pass(_ path: Path) -> Int {
    switch path.first {
    case "grad", "gradient": 1
    case "optimizer", "average": 2
    default: 0
    }
  }

  private func isLoose(_ node: Int) -> Bool { own[node].isEmpty || own[node] == ["grad"] }

  private static func shared(_ a: Path, _ b: Path) -> Path {
    Array(zip(a, b).prefix { $0 == $1 }.map(\.0))
  }

  /// For each node what the scopes of all that it reads have in common, or of all that read it; what has no scope hands on what it
  /// found. Nil where there is nothing of the same pass.
  private func common(forwards: Bool) -> [Path?] {
    var found = [Path?](repeating: nil, count: graph.nodes.count)
    func add(_ node: Int, to target: Int) {
      guard passes[node] == passes[target], let path = isLoose(node) ? found[node] : own[node] else { return }
      found[target] = found[target].map { SurroundingScopes.shared($0, path) } ?? path
    }
    for node in forwards ? graph.nodes : graph.nodes.reversed() {
      for input in node.inputs {
        guard let source = graph.producer(input)?.id.index else { continue }
        if forwards { add(source, to: node.id.index) } else { add(node.id.index, to: source) }
      }
    }
    return found
  }
}
