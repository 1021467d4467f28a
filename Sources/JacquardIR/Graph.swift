import JacquardCore

/// The number of a value within one graph: inputs and results of nodes, in the order of appending.
public struct ValueID: Hashable, Sendable, Comparable {
  public let index: Int
  public init(_ index: Int) { self.index = index }
  public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// Where a node came from: one use in the user's program. Not part of a node's identity.
public struct Origin: Hashable, Sendable {
  public var name: String?
  public var scope: String
  public var site: SourceSite?

  public init(name: String? = nil, scope: String = "", site: SourceSite? = nil) {
    self.name = name
    self.scope = scope
    self.site = site
  }
}

/// One operation applied to values.
public struct Node: Sendable {
  public let id: NodeID
  public let operation: any Operation
  public let inputs: [ValueID]
  public let graphs: [Graph]
  /// Its results: consecutive values.
  public let results: [ValueID]
  /// The first is the one shown; the others merged with it.
  public internal(set) var origins: [Origin]

  public var name: String? { origins.lazy.compactMap(\.name).first }
  public var site: SourceSite? { origins.lazy.compactMap(\.site).first }
  public var scope: String { origins.first?.scope ?? "" }
  public var operationName: String { type(of: operation).name }

  /// The operation, if it is of that type.
  public func typed<T: Operation>(_ type: T.Type) -> T? {
    // Comparing types first spares most of the casts.
    Swift.type(of: operation) == type ? operation as? T : nil
  }
}

/// What defines a value.
public enum ValueDefinition: Hashable, Sendable {
  case input(Int)
  case result(NodeID, Int)
}

/// A typed computation graph in SSA form: named inputs, nodes in topological order, named outputs, and updates.
///
/// Built and extended by `GraphBuilder`; a graph itself never changes.
public struct Graph: Sendable {
  public struct Symbol: Hashable, Sendable {
    public var name: String
    /// The size used where none is bound.
    public var defaultSize: Int?

    public init(_ name: String, defaultSize: Int? = nil) {
      self.name = name
      self.defaultSize = defaultSize
    }
  }

  public struct Output: Hashable, Sendable {
    public var name: String
    public var value: ValueID
  }

  /// After a step, the value replaces the input.
  public struct Update: Hashable, Sendable {
    /// Position in `inputs`.
    public var input: Int
    public var value: ValueID
  }

  public internal(set) var name: String
  public internal(set) var symbols: [Symbol] = []
  public internal(set) var inputs: [Input] = []
  public internal(set) var nodes: [Node] = []
  public internal(set) var outputs: [Output] = []
  public internal(set) var updates: [Update] = []
  var types: [TensorType] = []
  var definitions: [ValueDefinition] = []
  /// Value of each input.
  public internal(set) var inputValues: [ValueID] = []

  init(name: String) { self.name = name }

  public var valueCount: Int { types.count }
  public func type(_ value: ValueID) -> TensorType { types[value.index] }
  public func definition(_ value: ValueID) -> ValueDefinition { definitions[value.index] }

  /// The node that computes a value, or nil for an input.
  public func producer(_ value: ValueID) -> Node? {
    if case .result(let id, _) = definitions[value.index] { nodes[id.index] } else { nil }
  }

  public func input(named name: String) -> Input? { inputs.first { $0.name == name } }
  public func output(named name: String) -> Output? { outputs.first { $0.name == name } }

  /// Values that the outside sees: of outputs, then of updates.
  public var roots: [ValueID] { outputs.map(\.value) + updates.map(\.value) }

  /// The roots without those that only watch: the graph's results.
  public var resultRoots: [ValueID] { outputs.lazy.filter { $0.probe == nil }.map(\.value) + updates.map(\.value) }
}

extension Graph.Output {
  /// Outputs whose names begin so are probes: they are read by who looks into a step, and no result of it depends on whether
  /// they are there.
  public static let probePrefix = "probe/"

  /// The name of the probe that it is; nil for a result of the graph.
  public var probe: String? { Graph.Output.probe(name) }

  /// The name of the probe that an output of a name is; nil for a result.
  public static func probe(_ output: String) -> String? {
    output.hasPrefix(probePrefix) ? String(output.dropFirst(probePrefix.count)) : nil
  }
}

/// A graph's meaning without names: what hash-consing compares for nodes with sub-graphs.
public struct GraphStructure: Hashable, Sendable {
  let inputs: [TensorType]
  let nodes: [NodeKey]
  let roots: [ValueID]

  public init(_ graph: Graph) {
    inputs = graph.inputs.map(\.type)
    nodes = graph.nodes.map { NodeKey($0.operation, $0.inputs, $0.graphs) }
    roots = graph.roots
  }
}

/// The identity of a node.
struct NodeKey: Hashable, @unchecked Sendable {
  let operation: AnyHashable
  let inputs: [ValueID]
  let graphs: [GraphStructure]

  init(_ operation: any Operation, _ inputs: [ValueID], _ graphs: [Graph]) {
    self.operation = AnyHashable(operation)
    self.inputs = inputs
    self.graphs = graphs.map(GraphStructure.init)
  }
}
