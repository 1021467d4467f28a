import JacquardCore
import JacquardIR
import JacquardOps

/// How a Jacobian is computed.
public enum JacobianMode: String, Sendable, CaseIterable {
  /// One backward pass for each element of the output, all at once: for few outputs of many inputs.
  case reverse
  /// One forward pass for each element of the input, all at once: for few inputs of many outputs.
  case forward
}

extension GraphBuilder {
  /// The derivatives of each element of a value with respect to each element of others: for each `wrt` a tensor whose shape is
  /// that of the value followed by that of the `wrt`. Zeros where nothing depends on it.
  ///
  /// The products of the Jacobian with the vectors of a basis, mapped over the basis by `vmap`: time and memory are those of as
  /// many passes as the value (or the `wrt`) has elements, what does not depend on the direction computed once.
  /// - Throws: `Diagnostic` if a value is no float, or an operation between has no gradient or no batching rule.
  public func jacobian(
    of value: ValueID, withRespectTo wrt: [ValueID], mode: JacobianMode = .reverse
  ) throws -> [ValueID] {
    if !type(value).dtype.isFloat {
      throw Diagnostic("the Jacobian of \(graph.describe(value)) is asked for, which is \(type(value)): not a float")
        .at(graph.producer(value)?.site)
    }
    let slice = try DifferentiableSlice(of: self, from: wrt, to: [value])
    switch mode {
    case .reverse:
      let basis = try basis(of: type(value))
      let rows = try slice.pullback(basis, size: shape(basis)[0], into: self)
      return try zip(wrt, rows).map { wrt, row in
        let shape = Shape(shape(value).dims + shape(wrt).dims)
        guard let row else { return try zeros(TensorType(type(wrt).dtype, shape)) }
        return try reshape(row, shape)
      }
    case .forward:
      return try wrt.indices.map { try column($0, of: slice, value, wrt) }
    }
  }

  /// The derivatives with respect to one of the values, by forward mode.
  private func column(
    _ index: Int, of slice: DifferentiableSlice, _ value: ValueID, _ wrt: [ValueID]
  ) throws -> ValueID {
    let shape = Shape(shape(value).dims + shape(wrt[index]).dims)
    let basis = try basis(of: type(wrt[index]))
    let pushed = try slice.pushforward(along: index, basis, size: self.shape(basis)[0], into: self)
    guard let pushed else { return try zeros(TensorType(type(value).dtype, shape)) }
    return try reshape(movingAxis(pushed, from: 0, to: self.shape(value).rank), shape)
  }

  /// The second derivatives of a scalar: for values number i and k a tensor whose shape is that of the first followed by that of
  /// the second.
  ///
  /// - Throws: as `gradients` and `jacobian`.
  public func hessian(of value: ValueID, withRespectTo wrt: [ValueID]) throws -> [[ValueID]] {
    try gradients(of: value, withRespectTo: wrt).map { try jacobian(of: $0, withRespectTo: wrt) }
  }

  /// As many tensors of a type as it has elements, each with one 1, stacked along a first axis.
  private func basis(of type: TensorType) throws -> ValueID {
    let count = try type.shape.elementCount()
    let square = Shape([count, count])
    let ones = try equal(iota(square, axis: 0, .i64), iota(square, axis: 1, .i64))
    return try reshape(cast(ones, type.dtype), Shape([count] + type.shape.dims))
  }
}
