import JacquardCore
import JacquardIR

extension ModelZoo {
  /// A graph network that names the class of each node: two layers of message passing with networks of two layers for the messages.
  public struct GNN: Module {
    // Of the graphs below: the defaults of the initialiser.
    private static let features = 64
    private static let classes = 7
    /// The message of an edge is computed from both of its ends by two layers, a node's new features from its old ones and the
    /// sum of its messages by one.
    ///
    /// Two by default.
    let layers: [MessagePassing]
    let output: Linear

    // MARK: Forward pass

    /// - Parameters:
    ///   - x: the nodes, `[N,features]`. - edges: sources and targets, `[2,E]`.
    /// - Returns: Logits `[N,classes]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>, edges: Tensor<Int32>) -> Tensor<S> {
      output(layers.reduce(x) { $1($0, edges: edges) })
    }

    private static let sizes: KeyValuePairs<String, Int> = ["N": 2048, "E": 16384]

    private static func inputs(_ g: GraphContext) -> (x: Tensor<Float>, edges: Tensor<Int32>) {
      let x = g.input(
        "x", Float.self, ["N", Dim(features)], sample: SampleHint(.normal), feed: FeedHint(column: "x"))
      let ends = SampleHint(.integers, low: 0, high: 2048)
      let edges = g.input("edges", Int32.self, [2, "E"], sample: ends, feed: FeedHint(column: "edges"))
      return (x, edges)
    }

    static let entries = [
      Entry(name: "gnn") {
        try Graph("gnn", symbols: sizes) { g in
          let (x, edges) = inputs(g)
          g.output("logits", g.module(GNN())(x, edges: edges))
        }
      },
      Entry(name: "gnn.train") {
        try Graph("gnn.train", mode: .training, symbols: sizes) { g in
          let (x, edges) = inputs(g)
          let sample = SampleHint(.integers, low: 0, high: Double(classes))
          let y = g.input("y", Int32.self, ["N"], sample: sample, feed: FeedHint(column: "y"))
          let loss = crossEntropy(logits: g.module(GNN())(x, edges: edges), labels: y)
          g.minimize(loss, with: Adam(learningRate: 1e-3))
          g.output("loss", loss)
        }
      },
    ]
  }
}

extension ModelZoo.GNN {
  /// - Parameters:
  ///   - features: of a node. - width: of messages, and of a node's features after the first layer.
  ///   - count: how many layers, at least one.
  public init(features: Int = 64, width: Int = 64, layers count: Int = 2, classes: Int = 7) {
    layers = (0..<count).map { layer in
      let size = layer == 0 ? features : width
      return MessagePassing(
        message: Sequential(Linear(2 * size, width), ReLU(), Linear(width, width)),
        update: Sequential(Linear(size + width, width), ReLU()))
    }
    output = Linear(width, classes)
  }
}
