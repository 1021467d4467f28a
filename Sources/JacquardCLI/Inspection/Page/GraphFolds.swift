import JacquardCore
import JacquardIR

/// Where each item of a graph lies in a drawing that folds: nodes in their scopes, those without one in the scope of what is around
/// them, those of an optimiser by the parameter that they serve, inputs and outputs where they are used.
struct GraphFolds {
  /// Paths of the folds, each after the one around it; the first is the whole.
  private(set) var paths = [""]
  /// For each fold the one around it; the whole lies in itself.
  private(set) var parents = [0]
  private var numbers = ["": 0]
  private(set) var nodes: [Int] = []
  private(set) var inputs: [Int] = []
  private(set) var outputs: [Int] = []

  /// Scopes of what follows the backward pass, of which a graph has many nodes a parameter.
  private static let byParameter: Set<Substring> = ["optimizer", "average"]

  init(_ graph: Graph) {
    let owners = GraphFolds.owners(graph)
    let scopes = SurroundingScopes(graph).paths
    nodes = graph.nodes.map { node in
      let isOwned = GraphFolds.byParameter.contains(node.scope.prefix { $0 != "/" })
      guard isOwned, let owner = owners[node.id.index] else { return number(scopes[node.id.index]) }
      return number("\(node.scope)/\(owner)")
    }
    let parameters = Set(graph.inputs.filter { $0.role == .parameter }.map(\.name))
    for input in graph.inputs { inputs.append(fold(of: input, parameters)) }
    outputs = graph.outputs.map { output in graph.producer(output.value).map { nodes[$0.id.index] } ?? 0 }
  }

  private mutating func number(_ path: String) -> Int {
    if let known = numbers[path] { return known }
    let parent = path.lastIndex(of: "/").map { number(String(path[..<$0])) } ?? 0
    numbers[path] = paths.count
    paths.append(path)
    parents.append(parent)
    return paths.count - 1
  }

  /// The fold that is there already and has the longest beginning in common with a path.
  private func nearest(_ path: String) -> Int {
    var path = path
    while true {
      if let known = numbers[path] { return known }
      guard let slash = path.lastIndex(of: "/") else { return 0 }
      path = String(path[..<slash])
    }
  }

  private func fold(of input: Input, _ parameters: Set<String>) -> Int {
    switch input.role {
    case .data: return 0
    case .parameter: return nearest(input.name)
    case .state:
      let owner = GraphFolds.parameter(of: input.name, parameters)
      return nearest(owner.map { "optimizer/\($0)" } ?? (numbers["optimizer"] == nil ? input.name : "optimizer"))
    }
  }

  /// `adam/m/hidden/weight` belongs to `hidden/weight`.
  private static func parameter(of state: String, _ parameters: Set<String>) -> String? {
    var rest = state[...]
    while let slash = rest.firstIndex(of: "/") {
      rest = rest[rest.index(after: slash)...]
      if parameters.contains(String(rest)) { return String(rest) }
    }
    return nil
  }

  private enum Owner: Equatable {
    case nobody
    case one(String)
    case many
    func with(_ other: Owner) -> Owner {
      if self == .nobody || self == other { return other }
      return other == .nobody ? self : .many
    }
  }

  /// For each node the parameter whose new value or state alone depends on it. Linear.
  private static func owners(_ graph: Graph) -> [String?] {
    let parameters = Set(graph.inputs.filter { $0.role == .parameter }.map(\.name))
    var owners = [Owner](repeating: .nobody, count: graph.nodes.count)
    func add(_ owner: Owner, to value: ValueID) {
      guard case .result(let id, _) = graph.definition(value) else { return }
      owners[id.index] = owners[id.index].with(owner)
    }
    for update in graph.updates {
      let name = graph.inputs[update.input].name
      let owner = parameters.contains(name) ? name : parameter(of: name, parameters)
      add(owner.map { .one($0) } ?? .many, to: update.value)
    }
    for output in graph.outputs { add(.many, to: output.value) }
    for node in graph.nodes.reversed() {
      for input in node.inputs { add(owners[node.id.index], to: input) }
    }
    return owners.map { if case .one(let name) = $0 { name } else { nil } }
  }
}
