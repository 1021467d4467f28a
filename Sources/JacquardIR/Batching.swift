import JacquardCore

/// A value of a function that is mapped over a batch: one for all elements, or one for each, stacked along a first axis.
public struct Batched: Hashable, Sendable {
  /// In the graph that the rule appends to.
  public var value: ValueID
  /// Whether axis 0 is the batch.
  public var isBatched: Bool

  /// A value stacked along axis 0, unless told otherwise.
  public init(_ value: ValueID, isBatched: Bool = true) {
    self.value = value
    self.isBatched = isBatched
  }
}

/// An operation that can work on a whole batch at once: the rule by which `vmap` maps it.
///
/// Element-wise operations and reductions have one by default; composites need none, because their decomposition is mapped.
public protocol BatchableOperation: Operation {
  /// Appends what the operation does to each element of a batch, and gives its results: at least one operand is batched.
  func batch(_ context: BatchingContext) throws -> [Batched]
}

/// What a batching rule may use. The rule appends nodes to `builder`.
public struct BatchingContext {
  /// Where the rule appends its nodes.
  public let builder: GraphBuilder
  /// One an operand; at least one is batched.
  public let inputs: [Batched]
  /// The number of elements in the batch.
  public let size: Dim
  /// The sub-graphs of the node, for elements without the batch axis.
  public let graphs: [Graph]
  /// Maps what a rule needs from its sub-graphs.
  public let map: Map

  /// Appends the nodes of a graph for operands of which some are batched, and gives its outputs.
  public typealias Map = (GraphBuilder, Graph, [Batched], _ size: Dim) throws -> [Batched]

  /// What `vmap` passes to a rule.
  public init(builder: GraphBuilder, inputs: [Batched], size: Dim, graphs: [Graph], map: @escaping Map) {
    self.builder = builder
    self.inputs = inputs
    self.size = size
    self.graphs = graphs
    self.map = map
  }

  /// The number of axes that each element of the batch has of an operand.
  public func rank(_ input: Int) -> Int { builder.shape(inputs[input].value).rank - (inputs[input].isBatched ? 1 : 0) }

  /// The type that each element of the batch has of an operand.
  public func elementType(_ input: Int) -> TensorType {
    let type = builder.type(inputs[input].value)
    return inputs[input].isBatched ? TensorType(type.dtype, Shape(Array(type.shape.dims.dropFirst()))) : type
  }
}
