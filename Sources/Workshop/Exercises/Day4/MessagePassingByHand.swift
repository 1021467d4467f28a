import Jacquard

/// 4.2: a graph convolution in plain loops and as a layer; then two of them against a perceptron that sees no edges.
struct MessagePassingByHand: Exercise {
  let id = "4.2"

  /// D^-1/2 (A + I) D^-1/2 X W, edge by edge: each node gets its neighbours' vectors and its own, scaled by their degrees.
  static func convolution(_ x: [[Double]], edges: [(Int, Int)], weight: [[Double]]) -> [[Double]] {
    let messages = x.map { row in
      weight[0].indices.map { column in row.indices.reduce(0) { $0 + row[$1] * weight[$1][column] } }
    }
    var degree = [Double](repeating: 1, count: x.count)
    for (_, target) in edges { degree[target] += 1 }
    var y = messages.indices.map { node in messages[node].map { $0 / degree[node] } }
    for (source, target) in edges {
      let scale = 1 / (degree[source] * degree[target]).squareRoot()
      for column in y[target].indices { y[target][column] += scale * messages[source][column] }
    }
    return y
  }

  /// Two graph convolutions of hidden width 16 (Kipf, Welling 2017).
  struct GCN: Module {
    let dropout = Dropout(0.5)
    let first: GCNConv
    let second: GCNConv

    func callAsFunction(_ x: Tensor<Float>, _ edges: Tensor<Int32>) -> Tensor<Float> {
      second(dropout(relu(first(dropout(x), edges: edges))), edges: edges)
    }
  }

  /// The same without the edges.
  struct MLP: Module {
    let dropout = Dropout(0.5)
    let first: Linear
    let second: Linear

    func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> { second(dropout(relu(first(dropout(x))))) }
  }

  /// Classes of all nodes, or a training step on those that are labelled, all of them at once.
  static func graph(_ data: NodeClassification, seesEdges: Bool, rate: Double?) throws -> Graph {
    let (nodes, width, classes) = (Dim(data.nodes), data.width, data.classes)
    let name = (seesEdges ? "gcn" : "mlp") + (rate == nil ? "" : ".train")
    return try Graph(name, mode: rate == nil ? .evaluation : .training) { g in
      let x = g.input("x", Float.self, [nodes, Dim(width)])
      let logits: Tensor<Float>
      if seesEdges {
        let edges = g.input("edges", Int32.self, [2, Dim(data.edges.sizes[1])])
        logits = g.module(GCN(first: GCNConv(width, 16), second: GCNConv(16, classes)))(x, edges)
      } else {
        let start = Initializer(.xavierUniform)
        let layers = (Linear(width, 16, weight: start), Linear(16, classes, weight: start))
        logits = g.module(MLP(first: layers.0, second: layers.1))(x)
      }
      guard let rate else { return g.output("logits", logits) }
      let labels = g.constant(data.train.map { data.labels[Int($0)] })
      let loss = crossEntropy(logits: logits.gathered(g.constant(data.train)), labels: labels)
      g.minimize(
        loss, with: Adam(learningRate: .constant(rate)), decay: [.l2(5e-4)], isDecayed: { $0.hasPrefix("first/") })
      g.output("loss", loss)
    }
  }

  /// - Returns: The share of test nodes that are classified rightly.
  static func train(
    _ run: Run, _ title: String, _ data: NodeClassification, seesEdges: Bool, epochs: Int, rate: Double, seed: Int
  ) throws -> Double {
    let step = try graph(data, seesEdges: seesEdges, rate: run.learningRate(rate))
    let forward = try graph(data, seesEdges: seesEdges, rate: nil)
    var inputs = ["x": data.features]
    if seesEdges { inputs["edges"] = data.edges }
    let trained = try run.fit(
      step, title, steps: epochs, recipe: Digest.of([data.features, data.edges]), seed: seed
    ) { _ in inputs }
    let logits = try Session(forward, trained.store, options: run.session).step(inputs)["logits"]
    let predicted = logits?.largestInRows() ?? []
    let labels = data.test.map { Int(data.labels[Int($0)]) }
    return Proportion(correct: data.test.map { predicted[Int($0)] }, labels).value
  }

  func run(_ run: Run) throws {
    let communities = try NodeClassification.communities(seed: run.seed)
    try byHand(run, communities)
    run.heading("communities")
    run.say("synthetic")
    picture(run, communities)
    let seeds = run.pick(10, quick: 3)
    let (gcn, mlp) = try compare(
      run, ("communities", "synthetic.accuracies"), communities, epochs: 100, rate: 0.02, seeds: seeds, seeds)
    // Calibrated with PyTorch, seeds 0 to 2: 0.859 to 0.941 against 0.236 to 0.391.
    run.claim("synthetic.gcn", gcn.mean, .atLeast(0.8), as: .percent)
    run.claim("synthetic.gap", gcn.mean - mlp.mean, .atLeast(0.2), as: .percent)
    try cora(run)
    run.decide(.deploy, "decision")
  }

  /// The loops against the layer, in f64.
  private func byHand(_ run: Run, _ data: NodeClassification) throws {
    let layer = GCNConv(data.width, 3, bias: false)
    let graph = try Graph("convolution") { g in
      let x = g.input("x", Double.self, [Dim(data.nodes), Dim(data.width)])
      let edges = g.input("edges", Int32.self, [2, Dim(data.edges.sizes[1])])
      g.output("y", g.module(layer)(x, edges: edges))
    }
    try run.save(graph)
    let store = ParameterStore(seed: run.seed)
    let x = data.features.elements(Float.self).map(Double.init)
    let inputs = ["x": try HostTensor(x, [data.nodes, data.width]), "edges": data.edges]
    let y = try Session(graph, store, options: run.session).step(inputs)["y"]?.elements(Double.self) ?? []
    let weight = store.names.first.flatMap { store[$0] }?.elements(Double.self) ?? []
    let ends = data.edges.elements(Int32.self).map(Int.init)
    let edges = (0..<ends.count / 2).map { (ends[$0], ends[ends.count / 2 + $0]) }
    let hand = Self.convolution(rows(x, data.width), edges: edges, weight: rows(weight, 3)).flatMap { $0 }
    run.heading("hand")
    run.say("explained")
    run.code("y[t] = sum over edges s -> t and t itself of  (x[s] W) / sqrt(degree[s] degree[t])")
    run.claim("hand.error", zip(hand, y).map { abs($0 - $1) }.max() ?? .nan, .atMost(1e-12))
  }

  private func rows(_ values: [Double], _ width: Int) -> [[Double]] {
    stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  /// Who knows whom, as a matrix with the communities in order.
  private func picture(_ run: Run, _ data: NodeClassification) {
    let ends = data.edges.elements(Int32.self).map(Int.init)
    let half = ends.count / 2
    run.plot(
      "adjacency", x: "axis.node", y: "axis.node",
      [.points("", ends.prefix(half).map(Double.init), ends.suffix(half).map(Double.init))])
  }

  /// Accuracies of several seeds.
  struct Accuracies {
    let values: [Double]

    var mean: Double { values.reduce(0, +) / Double(values.count) }
  }

  private func compare(
    _ run: Run, _ keys: (title: String, plot: String), _ data: NodeClassification, epochs: Int, rate: Double,
    seeds: Int, _ plain: Int
  ) throws -> (gcn: Accuracies, mlp: Accuracies) {
    let accuracies = { (seesEdges: Bool, count: Int) in
      try (0..<count).map { index in
        try Self.train(
          run, keys.title, data, seesEdges: seesEdges, epochs: epochs, rate: rate, seed: run.seed * 100 + index)
      }
    }
    let (gcn, mlp) = (try accuracies(true, seeds), try accuracies(false, plain))
    run.bars(
      keys.plot, x: "axis.seed", y: "axis.accuracy", labels: gcn.indices.map(String.init),
      groups: [(run.text("gcn"), gcn), (run.text("mlp"), mlp)])
    return (Accuracies(values: gcn), Accuracies(values: mlp))
  }

  private func cora(_ run: Run) throws {
    guard let cora = try run.data.cora() else {
      for key in ["cora.mean", "cora.least", "cora.mlp", "cora.gap"] { run.skip(key, because: run.text("absent")) }
      return
    }
    run.heading("cora")
    run.say("citations")
    let seeds = run.pick(10, quick: 1)
    let data = try NodeClassification(cora)
    let (gcn, mlp) = try compare(
      run, ("cora", "cora.accuracies"), data, epochs: run.epochs(200, quick: 40), rate: 0.01, seeds: seeds,
      run.pick(5, quick: 1))
    // Measured beforehand with PyTorch: 80.4 to 82.5 %. Quick (40 epochs), seeds 0 to 2: 73.2 to 78.9 %, the
    // perceptron 47.0 to 55.5 %.
    run.claim("cora.mean", gcn.mean, .atLeast(0.80, quick: 0.68), as: .percent)
    run.claim("cora.least", gcn.values.min() ?? .nan, .atLeast(0.79, quick: 0.68), as: .percent)
    run.claim("cora.mlp", mlp.mean, .within(0.52...0.60, quick: 0.4...0.62), as: .percent)
    run.claim("cora.gap", gcn.mean - mlp.mean, .atLeast(0.20, quick: 0.15), as: .percent)
  }
}
