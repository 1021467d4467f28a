import JacquardCore

/// The number of a value within one graph: inputs and results of nodes, in the order of appending.
public struct ValueID: Hashable, Sendable, Comparable {
  /// Counted from 0, inputs and results together.
  public let index: Int
  /// The value of a number, which is not checked.
  public init(_ index: Int) { self.index = index }
  public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// Where a node came from: one use in the user's program. Not part of a node's identity.
public struct Origin: Hashable, Sendable {
  /// The name that the user gave; nil if none.
  public var name: String?
  /// Names of the layers around it, joined by `/`; empty at the top.
  public var scope: String
  /// The user's line.
  public var site: SourceSite?

  /// An origin without name, scope or line, unless given.
  public init(name: String? = nil, scope: String = "", site: SourceSite? = nil) {
    self.name = name
    self.scope = scope
    self.site = site
  }
}

/// One operation applied to values.
public struct Node: Sendable {
  /// Its number, and its position in `Graph.nodes`.
  public let id: NodeID
  /// What it does, with the values of its attributes.
  public let operation: any Operation
  /// Its operands, all defined before it.
  public let inputs: [ValueID]
  /// Its sub-graphs; empty but for control flow and custom gradients.
  public let graphs: [Graph]
  /// Its results: consecutive values.
  public let results: [ValueID]
  /// The first is the one shown; the others merged with it.
  public internal(set) var origins: [Origin]

  /// The first name that one of its origins has.
  public var name: String? { origins.lazy.compactMap(\.name).first }
  /// The first line that one of its origins has.
  public var site: SourceSite? { origins.lazy.compactMap(\.site).first }
  /// The scope of its first origin.
  public var scope: String { origins.first?.scope ?? "" }
  /// The operation's name in files: `dot`.
  public var operationName: String { type(of: operation).name }

  /// The operation, if it is of that type.
  public func typed<T: Operation>(_ type: T.Type) -> T? {
    // Comparing types first spares most of the casts.
    Swift.type(of: operation) == type ? operation as? T : nil
  }
}

/// What defines a value.
public enum ValueDefinition: Hashable, Sendable {
  /// The value of the input at this position.
  case input(Int)
  /// The result of a node with this number among its results.
  case result(NodeID, Int)
}

/// A typed computation graph in SSA form: named inputs, nodes in topological order, named outputs, and updates.
///
/// Built and extended by `GraphBuilder`; a graph itself never changes.
public struct Graph: Sendable {
  /// A name for a size that is known when the graph is bound.
  public struct Symbol: Hashable, Sendable {
    /// As it stands in types: the `N` of `f32[N,784]`.
    public var name: String
    /// The size used where none is bound.
    public var defaultSize: Int?

    /// A symbol, which must be bound if it has no default.
    public init(_ name: String, defaultSize: Int? = nil) {
      self.name = name
      self.defaultSize = defaultSize
    }
  }

  /// A value under a name, which a step gives.
  public struct Output: Hashable, Sendable {
    /// Different from those of other outputs.
    public var name: String
    /// An input or the result of a node.
    public var value: ValueID
  }

  /// After a step, the value replaces the input.
  public struct Update: Hashable, Sendable {
    /// Position in `inputs`.
    public var input: Int
    /// Of the same type as the input.
    public var value: ValueID
  }

  /// What files and messages call the graph.
  public internal(set) var name: String
  /// In the order in which they were declared.
  public internal(set) var symbols: [Symbol] = []
  /// Data, parameters and state, in the order of declaration.
  public internal(set) var inputs: [Input] = []
  /// In an order in which operands come first.
  public internal(set) var nodes: [Node] = []
  /// In the order of declaration.
  public internal(set) var outputs: [Output] = []
  /// What replaces parameters and state after a step.
  public internal(set) var updates: [Update] = []
  var types: [TensorType] = []
  var definitions: [ValueDefinition] = []
  /// Value of each input.
  public internal(set) var inputValues: [ValueID] = []

  init(name: String) { self.name = name }

  /// The number of values: inputs and results of all nodes.
  public var valueCount: Int { types.count }
  /// The inferred type of a value of this graph.
  public func type(_ value: ValueID) -> TensorType { types[value.index] }
  /// What defines a value of this graph.
  public func definition(_ value: ValueID) -> ValueDefinition { definitions[value.index] }

  /// The node that computes a value, or nil for an input.
  public func producer(_ value: ValueID) -> Node? {
    if case .result(let id, _) = definitions[value.index] { nodes[id.index] } else { nil }
  }

  /// The input of a name; nil if there is none.
  public func input(named name: String) -> Input? { inputs.first { $0.name == name } }
  /// The output of a name; nil if there is none.
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

  /// The structure of a graph: input types, nodes, and what outputs and updates refer to.
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
