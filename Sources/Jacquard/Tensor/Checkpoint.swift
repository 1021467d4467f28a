import JacquardCore
import JacquardIR
import JacquardOps
import JacquardTransforms

/// Computes a part of a model whose intermediate values are not kept for the backward pass but computed again there.
///
/// The value is that of `body(x)`. In the gradient the body runs a second time on its inputs behind a barrier, so that no
/// pass merges the two.
///
/// - Parameter body: May use layers, parameters and tensors from outside.
public func checkpoint<S: TensorFloat>(
  _ x: Tensor<S>, file: String = #fileID, line: Int = #line, _ body: (Tensor<S>) -> Tensor<S>
) -> Tensor<S> {
  let first = x.context.builder.graph.nodes.count
  let value = body(x)
  return value.unary(SourceSite(file: file, line: line)) { builder, result in
    let segment = try Segment(builder.graph, from: first, to: [result])
    let id = x.context.nextBarrier()
    return try builder.customGradient(segment.operands) { inner, operands in
      try inner.inline(segment.graph, operands)
    } backward: { inner, operands, _, cotangents in
      let held = try inner.barrier(operands + cotangents, id: id)
      let again = Array(held.prefix(operands.count))
      let outputs = try inner.inline(segment.graph, again)
      let floats = again.filter { inner.type($0).dtype.isFloat }
      return try inner.vjp(outputs, cotangents: Array(held.dropFirst(operands.count)), withRespectTo: floats)
    }[0]
  }
}

extension GraphContext {
  /// A number of its own for each barrier.
  func nextBarrier() -> Int {
    barrierNumber += 1
    return barrierNumber
  }
}
