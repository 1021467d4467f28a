import JacquardCore
import JacquardIR

/// The values of a forward pass that its backward pass reads: what must be kept between the two.
public struct SavedValues: Sendable {
  /// A value that is kept.
  public struct Value: Sendable {
    /// The name given by the user; nil if the value has none.
    public var name: String?
    /// The operation that computes it.
    public var operation: String
    /// Its type, with symbols where the graph has them.
    public var type: TensorType
    /// What it takes in memory.
    public var bytes: Int
    /// The user's line that made it.
    public var site: SourceSite?
  }

  /// The largest first.
  public var values: [Value]
  /// The sum of their bytes.
  public var bytes: Int
}

extension Graph {
  /// The results of nodes of the forward pass that nodes of the backward pass read, the largest first.
  ///
  /// Nodes of the backward pass are those that differentiation made (their scope begins with `grad`), but for those that the
  /// forward pass has as well. Inputs and what has no operands (constants) is not listed: it takes no memory of a step. The
  /// planner may keep less, where fusion computes a cheap value a second time.
  /// - Parameter bindings: sizes of symbols; the others take their default.
  /// - Throws: `Diagnostic` if a symbol has no size.
  public func savedForBackward(bindings: [String: Int] = [:]) throws -> SavedValues {
    let defaults = symbols.compactMap { symbol in symbol.defaultSize.map { (symbol.name, $0) } }
    let sizes = Dictionary(defaults) { $1 }.merging(bindings) { $1 }
    if let open = symbols.first(where: { sizes[$0.name] == nil }) {
      throw Diagnostic("symbol \(open.name) has no size")
    }
    let live = liveNodes()
    let isBackward = nodes.map(\.isBackward)
    var read: Set<ValueID> = []
    for node in nodes where live[node.id.index] && isBackward[node.id.index] { read.formUnion(node.inputs) }
    let values = try read.sorted().compactMap { value -> SavedValues.Value? in
      guard let node = producer(value), !isBackward[node.id.index], !node.inputs.isEmpty else { return nil }
      let type = try type(value).bound(sizes)
      return SavedValues.Value(
        name: node.name, operation: node.operationName, type: type, bytes: try type.byteCount() ?? 0, site: node.site)
    }
    let sorted = values.enumerated().sorted { ($1.element.bytes, $0.offset) < ($0.element.bytes, $1.offset) }
    return SavedValues(values: sorted.map(\.element), bytes: values.reduce(0) { $0 &+ $1.bytes })
  }
}

extension Node {
  /// Whether differentiation alone made it: its scope begins with `grad`, wherever it comes from.
  public var isBackward: Bool {
    !origins.isEmpty
      && origins.allSatisfy { $0.scope == ReverseSweep.scope || $0.scope.hasPrefix("\(ReverseSweep.scope)/") }
  }
}
