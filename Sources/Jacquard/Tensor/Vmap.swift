import JacquardCore
import JacquardIR
import JacquardOps
import JacquardTransforms

/// Maps a function over an axis of a tensor: what is written for one element works on all at once.
///
/// ```swift
/// let norms = vmap(points) { point in sqrt((point * point).sum()) }
/// let gradients = vmap(x, y) { x, y in grad(of: loss(weights, x, y), withRespectTo: weights) }
/// ```
/// The body may use layers, parameters and tensors from outside: these are the same for all elements, and so is a random
/// draw. It may contain gradients, and another `vmap`.
///
/// - Parameters:
///   - axis: The axis whose elements the body sees one by one; negative ones count from the last.
///   - out: The place of that axis in the result.
/// - Returns: The body's results, stacked. An operation that cannot be batched is an error with its line.
public func vmap<S: TensorScalar, R: TensorScalar>(
  _ x: Tensor<S>, in axis: Int = 0, out: Int = 0, file: String = #fileID, line: Int = #line,
  _ body: (Tensor<S>) -> Tensor<R>
) -> Tensor<R> {
  let map = ControlFlow(x.context, SourceSite(file: file, line: line))
  return map.tensor(map.vmap([x], [axis], out: out) { [body(map.tensor($0[0]))] }, 0)
}

/// As the `vmap` of one tensor, for two, which may be of different element types.
///
/// - Parameter axes: nil for a tensor that is the same for all elements.
public func vmap<S: TensorScalar, T: TensorScalar, R: TensorScalar>(
  _ x: Tensor<S>, _ y: Tensor<T>, in axes: (Int?, Int?) = (0, 0), out: Int = 0, file: String = #fileID,
  line: Int = #line, _ body: (Tensor<S>, Tensor<T>) -> Tensor<R>
) -> Tensor<R> {
  let map = ControlFlow(x.context, SourceSite(file: file, line: line))
  let results = map.vmap([x, y], [axes.0, axes.1], out: out) { [body(map.tensor($0[0]), map.tensor($0[1]))] }
  return map.tensor(results, 0)
}

/// As the `vmap` of one tensor, for any number of them and of results.
///
/// - Parameter axes: One for each tensor, nil for one that is the same for all elements; by default the first of each.
public func vmap<S: TensorScalar, R: TensorScalar>(
  _ tensors: [Tensor<S>], in axes: [Int?]? = nil, out: Int = 0, file: String = #fileID, line: Int = #line,
  _ body: ([Tensor<S>]) -> [Tensor<R>]
) -> [Tensor<R>] {
  guard let context = tensors.first?.context else { return [] }
  let map = ControlFlow(context, SourceSite(file: file, line: line))
  var count: Int?
  let results = map.vmap(tensors, axes ?? tensors.map { _ in 0 }, out: out) { values in
    let made = body(values.map { map.tensor($0) })
    count = made.count
    return made
  }
  // After a mistake only the body knows how many results there would have been.
  if case .failure = results, count == nil { count = body(tensors.indices.map { map.tensor(results, $0) }).count }
  return (0..<(count ?? 0)).map { map.tensor(results, $0) }
}

extension ControlFlow {
  fileprivate func vmap(
    _ tensors: [any AnyTensor], _ axes: [Int?], out: Int, _ body: ([ValueID]) -> [any AnyTensor]
  ) -> Values {
    attempt {
      let values = try ids(tensors)
      if axes.count != values.count { throw Diagnostic("vmap: \(axes.count) axes for \(values.count) tensors") }
      let operands = try zip(values, axes).map { try batchedFirst($0, $1) }
      guard let size = zip(operands, values).lazy.filter(\.0.isBatched).map({ builder.shape($0.0.value)[0] }).first
      else {
        throw Diagnostic("vmap: no tensor has an axis to map over")
      }
      let held = try placeholders(operands.map { try element($0) })
      let first = builder.graph.nodes.count
      let results = try declared(body, held)
      let segment = try Segment(builder.graph, from: first, to: results, leading: held)
      let shared = segment.operands.dropFirst(held.count).map { Batched($0, isBatched: false) }
      builder.origins = [origin]
      return try builder.vmap(segment.graph, operands + shared, size: size).map { result in
        let whole = try builder.batched(result, size)
        return try builder.movingAxis(whole, from: 0, to: try place(out, rank: builder.shape(whole).rank))
      }
    }
  }

  /// An operand with the axis that is mapped as its first.
  private func batchedFirst(_ value: ValueID, _ axis: Int?) throws -> Batched {
    guard let axis else { return Batched(value, isBatched: false) }
    return Batched(try builder.movingAxis(value, from: place(axis, rank: builder.shape(value).rank), to: 0))
  }

  private func place(_ axis: Int, rank: Int) throws -> Int {
    let place = axis < 0 ? axis + rank : axis
    if !(0..<rank).contains(place) { throw Diagnostic("vmap: axis \(axis) is not one of \(rank) axes") }
    return place
  }

  /// A value of the type that the body sees.
  private func element(_ operand: Batched) throws -> ValueID {
    operand.isBatched ? try firstSlice(operand.value) : operand.value
  }
}
