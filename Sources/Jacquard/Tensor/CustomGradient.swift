import JacquardCore
import JacquardIR
import JacquardOps

/// A function of tensors with a derivative of its own.
///
/// - Parameters:
///   - forward: Gives the value. It may use only what it is given.
///   - backward: Gives, from the inputs, the value and the value's cotangent, one cotangent for each input.
public func customGradient<S: TensorFloat>(
  _ inputs: [Tensor<S>], file: String = #fileID, line: Int = #line,
  forward: ([Tensor<S>]) -> Tensor<S>,
  backward: (_ inputs: [Tensor<S>], _ value: Tensor<S>, _ cotangent: Tensor<S>) -> [Tensor<S>]
) -> Tensor<S> {
  let site = SourceSite(file: file, line: line)
  guard let context = inputs.first?.context else { return forward([]) }
  return context.emit(inputs, at: site) { builder, ids in
    try builder.customGradient(ids) { inner, x in
      let part = GraphContext(inner, mode: context.mode)
      return try part.checked([forward(part.tensors(x, site))])
    } backward: { inner, x, y, g in
      let part = GraphContext(inner, mode: context.mode)
      let (values, cotangents): ([Tensor<S>], [Tensor<S>]) = (part.tensors(y, site), part.tensors(g, site))
      return try part.checked(backward(part.tensors(x, site), values[0], cotangents[0]))
    }[0]
  }
}

extension GraphContext {
  fileprivate func tensors<S: TensorFloat>(_ ids: [ValueID], _ site: SourceSite) -> [Tensor<S>] {
    ids.map { Tensor(self, .success($0), mark(site)) }
  }

  fileprivate func checked<S: TensorFloat>(_ tensors: [Tensor<S>]) throws -> [ValueID] {
    if let firstError { throw firstError }
    if !outputs.isEmpty { throw Diagnostic("customGradient: what is inside can be neither output nor probed") }
    return try tensors.map { tensor in
      if tensor.context !== self { throw Diagnostic("customGradient: a tensor from outside is used inside") }
      return try tensor.id()
    }
  }
}
