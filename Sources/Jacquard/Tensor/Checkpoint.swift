import JacquardCore
import JacquardIR
import JacquardOps
import JacquardTransforms

/// Computes a part of a model whose intermediate values are not kept for the backward pass but computed again there.
///
/// ```swift
/// let y = checkpoint(x) { layer($0) }
/// let z = checkpoint(y, saving: .named(["h"])) { second(first($0).named("h")) }
/// ```
/// The value is that of `body(x)`. In the gradient the body runs a second time on its inputs behind a barrier, so that no
/// pass merges the two.
///
/// - Parameters:
///   - policy: What is kept all the same.
///   - body: May use layers, parameters and tensors from outside.
public func checkpoint<S: TensorFloat>(
  _ x: Tensor<S>, saving policy: CheckpointPolicy = .nothing, file: String = #fileID, line: Int = #line,
  _ body: (Tensor<S>) -> Tensor<S>
) -> Tensor<S> {
  let first = x.context.builder.graph.nodes.count
  let value = body(x)
  return value.unary(SourceSite(file: file, line: line)) { builder, result in
    let segment = try Segment(builder.graph, from: first, to: [result])
    return try builder.checkpoint(segment.graph, segment.operands, id: x.context.nextBarrier(), saving: policy)[0]
  }
}

extension GraphContext {
  /// A number of its own for each barrier.
  func nextBarrier() -> Int {
    barrierNumber += 1
    return barrierNumber
  }
}
