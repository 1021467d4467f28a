import JacquardCore
import JacquardIR
import JacquardTransforms

/// The derivatives of a scalar with respect to tensors, one of each tensor's shape; zeros where nothing depends on it.
public func grad<S: TensorFloat>(
  of value: Tensor<S>, withRespectTo tensors: [Tensor<S>], file: String = #fileID, line: Int = #line
) -> [Tensor<S>] {
  value.context.many([value] + tensors, tensors.count, file, line) { builder, ids in
    try builder.gradients(of: ids[0], withRespectTo: Array(ids.dropFirst()))
  }
}

/// The derivative of a scalar with respect to one tensor.
public func grad<S: TensorFloat>(
  of value: Tensor<S>, withRespectTo tensor: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  grad(of: value, withRespectTo: [tensor], file: file, line: line)[0]
}

/// The derivative of a function that gives a scalar.
public func grad<S: TensorFloat>(
  of function: @escaping (Tensor<S>) -> Tensor<S>, file: String = #fileID, line: Int = #line
) -> (Tensor<S>) -> Tensor<S> {
  { grad(of: function($0), withRespectTo: $0, file: file, line: line) }
}

/// A function's scalar and its derivative.
public func valueAndGrad<S: TensorFloat>(
  of function: (Tensor<S>) -> Tensor<S>, at x: Tensor<S>, file: String = #fileID, line: Int = #line
) -> (value: Tensor<S>, gradient: Tensor<S>) {
  let value = function(x)
  return (value, grad(of: value, withRespectTo: x, file: file, line: line))
}

/// The product of a cotangent with the Jacobian: for each tensor, cotangent times the derivative of the output.
///
/// - Parameter cotangent: Of the output's shape.
public func vjp<S: TensorFloat>(
  of output: Tensor<S>, cotangent: Tensor<S>, withRespectTo tensors: [Tensor<S>],
  file: String = #fileID, line: Int = #line
) -> [Tensor<S>] {
  output.context.many([output, cotangent] + tensors, tensors.count, file, line) { builder, ids in
    try builder.vjp([ids[0]], cotangents: [ids[1]], withRespectTo: Array(ids.dropFirst(2)))
  }
}

/// The product of the Jacobian with tangents: how the output moves when each tensor moves along its tangent.
///
/// - Parameter tangents: One for each tensor, of its shape.
public func jvp<S: TensorFloat>(
  of output: Tensor<S>, withRespectTo tensors: [Tensor<S>], tangents: [Tensor<S>],
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  output.context.many([output] + tensors + tangents, 1, file, line) { builder, ids in
    let moved = Array(ids.dropFirst().prefix(tensors.count))
    return try builder.jvp([ids[0]], withRespectTo: moved, tangents: Array(ids.dropFirst(tensors.count + 1)))
  }[0]
}

/// The product of the Hessian of a scalar with vectors, one for each tensor and of its shape.
public func hvp<S: TensorFloat>(
  of value: Tensor<S>, withRespectTo tensors: [Tensor<S>], vectors: [Tensor<S>],
  file: String = #fileID, line: Int = #line
) -> [Tensor<S>] {
  value.context.many([value] + tensors + vectors, tensors.count, file, line) { builder, ids in
    let moved = Array(ids.dropFirst().prefix(tensors.count))
    return try builder.hvp(
      of: ids[0], withRespectTo: moved, vectors: Array(ids.dropFirst(tensors.count + 1)))
  }
}

/// The derivatives of each element of a tensor with respect to each element of others: for each of them a tensor whose shape is
/// the output's followed by its own; zeros where nothing depends on it.
///
/// - Parameter mode: `.reverse` computes a backward pass for each element of the output, `.forward` a forward pass for each
///   element of the tensors, all passes at once.
public func jacobian<S: TensorFloat>(
  of output: Tensor<S>, withRespectTo tensors: [Tensor<S>], mode: JacobianMode = .reverse,
  file: String = #fileID, line: Int = #line
) -> [Tensor<S>] {
  output.context.many([output] + tensors, tensors.count, file, line) { builder, ids in
    try builder.jacobian(of: ids[0], withRespectTo: Array(ids.dropFirst()), mode: mode)
  }
}

/// The derivatives of each element of a tensor with respect to each element of another.
public func jacobian<S: TensorFloat>(
  of output: Tensor<S>, withRespectTo tensor: Tensor<S>, mode: JacobianMode = .reverse,
  file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  jacobian(of: output, withRespectTo: [tensor], mode: mode, file: file, line: line)[0]
}

/// The second derivatives of a scalar with respect to each pair of elements of a tensor: a tensor of its shape twice.
public func hessian<S: TensorFloat>(
  of value: Tensor<S>, withRespectTo tensor: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  hessian(of: value, withRespectTo: [tensor], file: file, line: line)[0][0]
}

/// The second derivatives of a scalar with respect to the elements of each pair of tensors: entry i, k has the shape of tensor i
/// followed by that of tensor k.
public func hessian<S: TensorFloat>(
  of value: Tensor<S>, withRespectTo tensors: [Tensor<S>], file: String = #fileID, line: Int = #line
) -> [[Tensor<S>]] {
  let count = tensors.count
  let all = value.context.many([value] + tensors, count * count, file, line) { builder, ids in
    try builder.hessian(of: ids[0], withRespectTo: Array(ids.dropFirst())).flatMap { $0 }
  }
  return tensors.indices.map { row in (0..<count).map { all[row * count + $0] } }
}

extension GraphContext {
  fileprivate func many<S: TensorFloat>(
    _ operands: [Tensor<S>], _ count: Int, _ file: String, _ line: Int,
    _ body: (GraphBuilder, [ValueID]) throws -> [ValueID]
  ) -> [Tensor<S>] {
    emitMany(operands, at: SourceSite(file: file, line: line), count: count, body)
  }
}
