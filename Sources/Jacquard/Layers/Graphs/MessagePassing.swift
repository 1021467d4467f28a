import JacquardCore

/// How the messages to a node become one. A node without messages gets 0.
public enum Aggregation: Sendable, Hashable, CaseIterable {
  /// Element by element.
  case sum, mean, max

  /// - Parameters:
  ///   - messages: `[E, ...]`. - targets: the node that each goes to, `[E]`.
  func callAsFunction<S: TensorFloat, I: TensorScalar>(
    _ messages: Tensor<S>, _ targets: Tensor<I>, nodes: Dim, file: String, line: Int
  ) -> Tensor<S> {
    switch self {
    case .sum: messages.segmentSum(targets, segments: nodes, file: file, line: line)
    case .mean: messages.segmentMean(targets, segments: nodes, file: file, line: line)
    case .max: messages.segmentMax(targets, segments: nodes, file: file, line: line)
    }
  }
}

/// Sends a message along each edge of a graph and puts those that reach a node together.
///
/// - Parameters:
///   - x: the nodes' vectors, `[N, ...]`.
///   - edges: `[2, E]`, i32 or i64: sources, then targets (PyTorch Geometric's `edge_index`). A number outside `0 ..< N` ends the step with
///     an error.
///   - message: from the vectors of the sources and of the targets, `[E, ...]` each, the messages `[E, ...]`.
/// - Returns: `[N, ...]`.
public func propagate<S: TensorFloat, I: TensorScalar>(
  _ x: Tensor<S>, edges: Tensor<I>, aggregation: Aggregation = .sum, file: String = #fileID, line: Int = #line,
  message: (_ source: Tensor<S>, _ target: Tensor<S>) -> Tensor<S>
) -> Tensor<S> {
  let ends = Edges(edges, file, line)
  let messages = message(
    x.gathered(ends.sources, file: file, line: line), x.gathered(ends.targets, file: file, line: line))
  return aggregation(messages, ends.targets, nodes: x.dim(0), file: file, line: line)
}

/// Sources and targets of edges.
struct Edges<I: TensorScalar> {
  var sources: Tensor<I>
  var targets: Tensor<I>

  /// - Parameter list: `[2, E]`.
  init(_ list: Tensor<I>, _ file: String, _ line: Int) {
    let site = SourceSite(file: file, line: line)
    func row(_ index: Int) -> Tensor<I> {
      list.unary(site) { builder, edges in
        let shape = builder.shape(edges)
        guard shape.rank == 2, shape[0] == 2 else { throw Diagnostic("edges are [2, E], not \(shape)") }
        return try builder.reshape(builder.slice(edges, axis: 0, from: Dim(index), to: Dim(index + 1)), [shape[1]])
      }
    }
    (sources, targets) = (row(0), row(1))
  }

  /// With an edge from each node to itself.
  func withLoops(_ nodes: Dim) -> Edges {
    var result = self
    let loops = sources.context.iota(I.self, [nodes])
    (result.sources, result.targets) = (concat(sources, loops), concat(targets, loops))
    return result
  }
}

/// A layer of a message-passing network (https://arxiv.org/abs/1704.01212): each edge's message is made from both its nodes (and the
/// edge's own vector), the messages to a node are put together, and the node's new vector is made from the old one and them.
public struct MessagePassing: Module {
  let message: any UnaryModule
  let update: any UnaryModule
  /// How the messages to a node become one.
  public let aggregation: Aggregation

  /// - Parameters:
  ///   - message: of `[E, 2 * width (+ edge's width)]`: the target's vector, the source's, the edge's.
  ///   - update: of `[N, width + message's width]`: the node's vector, its messages'.
  public init(message: any UnaryModule, update: any UnaryModule, aggregation: Aggregation = .sum) {
    self.message = message
    self.update = update
    self.aggregation = aggregation
  }

  /// - Parameters:
  ///   - x: the nodes' vectors, `[N, width]`.
  ///   - edges: `[2, E]`, sources and targets.
  ///   - features: the edges' vectors, `[E, ...]`.
  public func callAsFunction<S: TensorFloat, I: TensorScalar>(
    _ x: Tensor<S>, edges: Tensor<I>, features: Tensor<S>? = nil, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    let gathered = propagate(x, edges: edges, aggregation: aggregation, file: file, line: line) { source, target in
      let nodes = concat(target, source, axis: 1, file: file, line: line)
      let all = features.map { concat(nodes, $0, axis: 1, file: file, line: line) } ?? nodes
      return message.callAsFunction(all, file: file, line: line)
    }
    let joined = concat(x, gathered, axis: 1, file: file, line: line)
    return update.callAsFunction(joined, file: file, line: line)
  }
}
