import JacquardCore
import JacquardIR
import JacquardOps

/// What a rule may ask about the graph being rewritten, and where it appends its replacement.
///
/// Everything upstream of the node is already rewritten.
public struct RewriteContext {
  /// The graph that is being made; a rule appends its nodes here.
  public let builder: GraphBuilder
  /// Values that no rule looks behind.
  let opaque: Set<ValueID>
  /// Largest constant that folding may make, in bytes, if its operands are smaller.
  let foldingBudget: Int
  /// Nodes that the current rule has looked at.
  var looked: [NodeID] = []
  private var uses: [Int] = []

  init(_ builder: GraphBuilder, opaque: Set<ValueID> = [], foldingBudget: Int = 64 << 10) {
    self.builder = builder
    self.opaque = opaque
    self.foldingBudget = foldingBudget
  }

  /// The type of a value.
  public func type(_ value: ValueID) -> TensorType { builder.type(value) }
  /// The shape of a value.
  public func shape(_ value: ValueID) -> Shape { builder.shape(value) }

  /// The node that computes a value; nil for inputs and for values that must stay as they are.
  public mutating func node(_ value: ValueID) -> Node? {
    if !opaque.isEmpty, opaque.contains(value) { return nil }
    guard let node = builder.graph.producer(value) else { return nil }
    looked.append(node.id)
    return node
  }

  /// The node that computes a value, if it is of that operation.
  public mutating func node(_ value: ValueID, _ operation: String) -> Node? {
    guard let node = node(value), node.operationName == operation else { return nil }
    return node
  }

  /// The operation that computes a value and its first operand, if it is of that type.
  public mutating func match<T: JacquardIR.Operation>(
    _ value: ValueID, _: T.Type = T.self
  ) -> (operation: T, input: ValueID)? {
    guard let node = node(value), let operation = node.typed(T.self), let input = node.inputs.first
    else { return nil }
    return (operation, input)
  }

  /// How many operands and outputs the value is used as in the graph that is being rewritten, probes and what only they
  /// need aside; 0 for values it does not have.
  public func useCount(_ value: ValueID) -> Int { value.index < uses.count ? uses[value.index] : 0 }

  mutating func addUses(_ count: Int, of value: ValueID) {
    if value.index >= uses.count { uses.append(contentsOf: repeatElement(0, count: value.index + 1 - uses.count)) }
    uses[value.index] += count
  }
}
