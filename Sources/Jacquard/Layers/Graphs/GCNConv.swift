import JacquardCore
import JacquardIR

/// Graph convolution (https://arxiv.org/abs/1609.02907): D^-1/2 (A + I) D^-1/2 X W + bias, D the number of edges to a node, its own
/// loop counted.
///
/// Names and defaults are those of PyTorch Geometric's `GCNConv`: the weight of `lin` starts by Xavier, evenly, the bias at 0. Edges
/// that are loops already count beside the one that is added.
public final class GCNConv: Layer {
  /// Elements of a node's vector.
  public let inputs: Int
  /// Elements of a node's new vector.
  public let outputs: Int
  /// Whether the parameter `bias` is added at the end.
  public let hasBias: Bool
  /// Whether each node gets an edge to itself.
  public let addsLoops: Bool
  let lin: Linear

  /// The defaults are those of PyTorch Geometric.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, addsLoops: Bool = true) {
    self.inputs = inputs
    self.outputs = outputs
    hasBias = bias
    self.addsLoops = addsLoops
    lin = Linear(inputs, outputs, bias: false, weight: Initializer(.xavierUniform))
  }

  public var children: [(name: String, module: any Module)] { [("lin", lin)] }

  public var pyTorchTensors: [PyTorchTensor] {
    (hasBias ? [pyTorchTensor("bias", [outputs])] : []) + lin.pyTorchTensors.map { $0.within("lin") }
  }

  /// - Parameters:
  ///   - x: the nodes' vectors, `[N, inputs]`.
  ///   - edges: `[2, E]`, i32 or i64: sources, then targets.
  /// - Returns: `[N, outputs]`.
  public func callAsFunction<S: TensorFloat, I: TensorScalar>(
    _ x: Tensor<S>, edges: Tensor<I>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let nodes = x.dim(0)
      let list = Edges(edges, file, line)
      let ends = addsLoops ? list.withLoops(nodes) : list
      let ones: Tensor<S> = g.ones(ends.targets.shape)
      let degree = ones.segmentSum(ends.targets, segments: nodes)
      // A node that no edge reaches gets nothing, whatever its factor.
      let factor = rsqrt(max(degree, 1))
      let scale = factor.gathered(ends.sources) * factor.gathered(ends.targets)
      let messages = lin(x).gathered(ends.sources) * scale.expandingDims(1)
      let y = messages.segmentSum(ends.targets, segments: nodes)
      return hasBias ? y + g.parameter("bias", S.self, [Dim(outputs)], Initializer(.zeros)) : y
    }
  }
}
