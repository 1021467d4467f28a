import JacquardCore
import JacquardIR

/// What batching rules share.
extension BatchingContext {
  /// An operand with the batch as its first axis: one that all elements share is repeated.
  public func batched(_ input: Int) throws -> ValueID { try builder.batched(inputs[input], size) }

  /// All operands with the batch as their first axis.
  public func allBatched() throws -> [ValueID] { try inputs.indices.map { try batched($0) } }

  /// Another operation on operands that all have the batch as their first axis; so have its results.
  public func apply(_ operation: any Operation) throws -> [Batched] {
    try builder.append(operation, allBatched(), graphs: graphs).map { Batched($0) }
  }

  /// Operands whose axes broadcast as those of the elements do: batched ones get axes of size 1 behind the batch.
  func aligned() throws -> [ValueID] {
    let rank = inputs.indices.map { self.rank($0) }.max() ?? 0
    return try inputs.indices.map { index in
      let (value, own) = (inputs[index].value, self.rank(index))
      guard inputs[index].isBatched, own < rank else { return value }
      let dims = builder.shape(value).dims
      return try builder.reshape(value, Shape([size] + [Dim](repeating: 1, count: rank - own) + dims.dropFirst()))
    }
  }

  /// An operation on operands `[n, ...]`, their batch joined with the first axis of the elements, which results have too.
  func applyFolded(_ operation: any Operation) throws -> [Batched] {
    let count = elementType(0).shape[0]
    let operands = try allBatched().map { try builder.joiningAxes($0, at: 0) }
    return try builder.append(operation, operands).map {
      Batched(try builder.splittingAxis($0, at: 0, into: [size, count]))
    }
  }

  /// Indices along an axis made tuples along a last axis: of the element of the batch, and what the indices name in it.
  ///
  /// Both are checked against their own axis when the graph runs, so that no index reaches another element.
  /// - Parameter indices: `[B, ..., K]`.
  func tuples(_ indices: ValueID) throws -> ValueID {
    var shape = builder.shape(indices)
    let last = shape.rank - 1
    shape.dims[last] = 1
    let elements = try builder.iota(shape, axis: 0, builder.type(indices).dtype)
    return try builder.concat([elements, indices], axis: last)
  }

  /// The operation on one element after the other: for those whose kernels know one place, or one key, only.
  func applyInTurn(_ operation: any Operation) throws -> [Batched] {
    let isBatched = inputs.map(\.isBatched)
    let (own, shared) = (inputs.filter(\.isBatched), inputs.filter { !$0.isBatched })
    let results = try builder.scan([], over: own.map(\.value), constants: shared.map(\.value), length: size) {
      inner, _, elements, constants in
      var (next, rest) = (elements.makeIterator(), constants.makeIterator())
      let operands = isBatched.compactMap { $0 ? next.next() : rest.next() }
      return ([], try inner.append(operation, operands, graphs: graphs))
    }
    return results.outputs.map { Batched($0) }
  }
}

/// An operation to which all axes but the last ones are a batch already, if its operands agree on them.
protocol LeadingAxesOperation: BatchableOperation {}

extension LeadingAxesOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] { try context.apply(self) }
}

extension GraphBuilder {
  /// A value with the batch as its first axis: one that all elements share is repeated.
  public func batched(_ operand: Batched, _ size: Dim) throws -> ValueID {
    if operand.isBatched { return operand.value }
    return try broadcast(operand.value, to: Shape([size] + shape(operand.value).dims))
  }

  /// Axes `axis` and `axis + 1` joined to one.
  func joiningAxes(_ x: ValueID, at axis: Int) throws -> ValueID {
    var dims = shape(x).dims
    dims[axis] = try dims[axis].times(dims.remove(at: axis + 1))
    return try reshape(x, Shape(dims))
  }

  /// An axis cut into several of these sizes.
  func splittingAxis(_ x: ValueID, at axis: Int, into sizes: [Dim]) throws -> ValueID {
    var dims = shape(x).dims
    dims.replaceSubrange(axis...axis, with: sizes)
    return try reshape(x, Shape(dims))
  }

  /// An axis brought to another place; the others keep their order.
  public func movingAxis(_ x: ValueID, from source: Int, to target: Int) throws -> ValueID {
    var order = Array(0..<shape(x).rank)
    order.insert(order.remove(at: source), at: target)
    return try transpose(x, order)
  }
}

extension GraphBuilder {
  /// Neighbouring axes brought to another place together.
  func movingAxes(_ x: ValueID, from source: Int, count: Int, to target: Int) throws -> ValueID {
    var order = Array(0..<shape(x).rank)
    let moved = Array(order[source..<source + count])
    order.removeSubrange(source..<source + count)
    order.insert(contentsOf: moved, at: target)
    return try transpose(x, order)
  }
}
