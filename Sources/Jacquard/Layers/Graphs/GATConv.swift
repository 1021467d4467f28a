import JacquardCore
import JacquardIR

/// Graph attention (https://arxiv.org/abs/1710.10903): each node's new vector is the mean of its neighbours' and its own, weighted by the
/// softmax of leakyReLU(att_src · W x_source + att_dst · W x_target).
///
/// Names and defaults are those of PyTorch Geometric's `GATConv`: all weights start by Xavier, evenly, the bias at 0. Edges that are
/// loops already count beside the one that is added.
public final class GATConv: Layer {
  /// Elements of a node's vector.
  public let inputs: Int
  /// Elements that each head gives for a node.
  public let outputs: Int
  /// How many weightings of the neighbours there are.
  public let heads: Int
  /// Whether the heads' vectors are put side by side; else their mean is taken.
  public let concatenates: Bool
  /// Of the leaky ReLU, where negative.
  public let slope: Double
  /// Whether each node gets an edge to itself.
  public let addsLoops: Bool
  /// Whether the parameter `bias` is added at the end.
  public let hasBias: Bool
  let lin: Linear

  /// - Parameters:
  ///   - outputs: of each head.
  ///   - slope: of the leaky ReLU, where negative.
  public init(
    _ inputs: Int, _ outputs: Int, heads: Int = 1, concatenates: Bool = true, slope: Double = 0.2,
    addsLoops: Bool = true, bias: Bool = true
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.heads = heads
    self.concatenates = concatenates
    self.slope = slope
    self.addsLoops = addsLoops
    hasBias = bias
    lin = Linear(inputs, heads * outputs, bias: false, weight: Initializer(.xavierUniform))
  }

  public var children: [(name: String, module: any Module)] { [("lin", lin)] }

  private var width: Int { concatenates ? heads * outputs : outputs }

  public var pyTorchTensors: [PyTorchTensor] {
    ["att_src", "att_dst"].map { pyTorchTensor($0, [1, heads, outputs]) }
      + (hasBias ? [pyTorchTensor("bias", [width])] : []) + lin.pyTorchTensors.map { $0.within("lin") }
  }

  /// - Parameters:
  ///   - x: the nodes' vectors, `[N, inputs]`.
  ///   - edges: `[2, E]`, i32 or i64: sources, then targets.
  /// - Returns: `[N, heads * outputs]`, or `[N, outputs]` if the heads' mean is taken.
  public func callAsFunction<S: TensorFloat, I: TensorScalar>(
    _ x: Tensor<S>, edges: Tensor<I>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let nodes = x.dim(0)
      let list = Edges(edges, file, line)
      let ends = addsLoops ? list.withLoops(nodes) : list
      let vectors = lin(x).reshaped([nodes, Dim(heads), Dim(outputs)])
      let source = scores(g, vectors, "att_src").gathered(ends.sources)
      let target = scores(g, vectors, "att_dst").gathered(ends.targets)
      let weights = softmax(leakyRelu(source + target, slope: slope), ends.targets, nodes)
      let messages = vectors.gathered(ends.sources) * weights.expandingDims(2)
      let mixed = messages.segmentSum(ends.targets, segments: nodes)
      let y = concatenates ? mixed.reshaped([nodes, Dim(width)]) : mixed.mean(1)
      return hasBias ? y + g.parameter("bias", S.self, [Dim(width)], Initializer(.zeros)) : y
    }
  }

  /// What each head of each node gives to the scores of its edges, `[N, heads]`.
  private func scores<S: TensorFloat>(_ g: GraphContext, _ vectors: Tensor<S>, _ name: String) -> Tensor<S> {
    let bound = (6 / Double(Swift.max(1, heads + outputs))).squareRoot()
    let start = Initializer(.uniform, low: -bound, high: bound)
    return (vectors * g.parameter(name, S.self, [1, Dim(heads), Dim(outputs)], start)).sum(2)
  }

  /// Softmax over the edges to each node.
  private func softmax<S: TensorFloat, I: TensorScalar>(
    _ scores: Tensor<S>, _ targets: Tensor<I>, _ nodes: Dim
  ) -> Tensor<S> {
    let largest = scores.stoppingGradient().segmentMax(targets, segments: nodes).gathered(targets)
    let parts = exp(scores - largest)
    return parts / parts.segmentSum(targets, segments: nodes).gathered(targets)
  }
}
