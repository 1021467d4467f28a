import JacquardCore
import JacquardIR

extension ModelZoo {
  /// A graph network that names the class of each node: two layers of message passing with networks of two layers for the messages.
  public struct GNN: Module {
    static let features = 64
    static let width = 64
    static let classes = 7
    let layers = (0..<2).map { _ in
      MessagePassing(
        message: Sequential(Linear(2 * width, width), ReLU(), Linear(width, width)),
        update: Sequential(Linear(2 * width, width), ReLU()))
    }
    let output = Linear(width, classes)

    public init() {}

    /// - Parameters:
    ///   - x: the nodes, `[N,64]`. - edges: sources and targets, `[2,E]`.
    /// - Returns: Logits `[N,7]`.
    public func callAsFunction<S: TensorFloat>(_ x: Tensor<S>, edges: Tensor<Int32>) -> Tensor<S> {
      output(layers.reduce(x) { $1($0, edges: edges) })
    }

    private static let sizes: KeyValuePairs<String, Int> = ["N": 2048, "E": 16384]

    private static func inputs(_ g: GraphContext) -> (x: Tensor<Float>, edges: Tensor<Int32>) {
      let x = g.input(
        "x", Float.self, ["N", Dim(features)], sample: SampleHint(.normal), feed: FeedHint(column: "x"))
      let edges = g.input(
        "edges", Int32.self, [2, "E"], sample: SampleHint(.integers, low: 0, high: 2048),
        feed: FeedHint(column: "edges"))
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
