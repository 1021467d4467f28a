import Jacquard
import Testing

/// What layers refuse, sizes that are symbols, dropout, and masks.
@Suite struct LayerTests {
  // MARK: Errors

  private struct Refusal {
    let shape: Shape
    let message: String
    let call: (Tensor<Float>, Tensor<Int32>) -> Tensor<Float>

    init(_ shape: Shape, _ message: String, _ call: @escaping (Tensor<Float>, Tensor<Int32>) -> Tensor<Float>) {
      (self.shape, self.message, self.call) = (shape, message, call)
    }
  }

  private var refusals: [Refusal] {
    [
      Refusal([2, 3], "batch norm of 3 channels takes [batch, 3, ...] of 4 axes, not [2,3]") { x, _ in BatchNorm2d(3)(x)
      },
      Refusal([2, 4], "batch norm of 3 channels takes [batch, 3, ...] of 2 or 3 axes") { x, _ in BatchNorm1d(3)(x) },
      Refusal([2, 3, 4], "InstanceNorm2d takes [batch, channels, height, width]") { x, _ in InstanceNorm2d(3)(x) },
      Refusal([2, 3, 4], "a transposed convolution takes [batch, 3, 2 spatial axes], not [2,3,4]") { x, _ in
        ConvTranspose2d(3, 4, kernel: 2)(x)
      },
      Refusal([2, 3, 4, 4], "output padding 2 is not less than stride 2 or dilation 1") { x, _ in
        ConvTranspose2d(3, 4, kernel: 2, stride: 2, outputPadding: 2)(x)
      },
      Refusal([2, 3, 1, 1], "has no elements") { x, _ in ConvTranspose2d(3, 4, kernel: 1, padding: 1)(x) },
      Refusal([2, 3, "H", 4], "axis 'H' of [2,3,H,4] is not a number") { x, _ in ConvTranspose2d(3, 4, kernel: 2)(x) },
      Refusal([5, 2, 3], "a recurrent layer takes [sequence, batch, 4], not [5,2,3]") { x, _ in LSTM(4, 2)(x).output },
      Refusal([5, 3], "a recurrent layer takes [batch, sequence, 3]") { x, _ in GRU(3, 2, batchFirst: true)(x).output },
      Refusal([5, 2, 3], "0 layers of 2 elements are no recurrent network") { x, _ in RNN(3, 2, layers: 0)(x).output },
      Refusal([5, 2, 3], "[") { x, _ in GRU(3, 2, layers: 2)(x, initial: x).output },
      Refusal([5, 2, 3], "[") { x, _ in RNN(3, 2)(x, initial: x).output },
      Refusal([5, 3], "edges are [2, E], not [3,4]") { x, edges in GCNConv(3, 2)(x, edges: edges) },
      Refusal([5, 3], "sinusoidal positions need [..., sequence, size] of an even size") { x, _ in
        SinusoidalPositions()(x)
      },
      Refusal([9, 4], "slice") { x, _ in LearnedPositions(8, 4)(x) },
      Refusal([2, 5, 6], "attention of 4 heads needs") { x, _ in MultiHeadAttention(6, heads: 4)(x) },
    ]
  }

  @Test func whatDoesNotFitIsRefused() {
    for refusal in refusals {
      let error = #expect(throws: Diagnostic.self, "\(refusal.message)") {
        try Graph("wrong") { g in
          let edges = g.input("edges", Int32.self, [3, 4])
          g.output("y", refusal.call(g.input("x", Float.self, refusal.shape), edges))
        }
      }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains(refusal.message) && text.contains("LayerTests.swift"), "\(text)")
    }
  }

  // MARK: Symbols

  private func ramp(_ sizes: [Int]) throws -> HostTensor {
    try Draw.tensor(.f32, sizes) { Double($0 % 7) / 7 - 0.4 }
  }

  @Test func sequencesOfAnyLengthShareAGraph() throws {
    let graph = try Graph("any") { g in
      let lstm = LSTM(3, 4, layers: 2, bidirectional: true)
      let (output, hidden, _) = lstm(g.input("x", Float.self, ["T", "N", 3]))
      g.output("output", output)
      g.output("hidden", hidden)
    }
    let session = try Session(graph, ParameterStore(seed: 2))
    for (length, batch) in [(1, 1), (5, 2)] {
      let results = try session.step(["x": try ramp([length, batch, 3])])
      #expect(results["output"]?.sizes == [length, batch, 8])
      #expect(results["hidden"]?.sizes == [4, batch, 4])
    }
  }

  @Test func graphsOfAnySizeShareAGraph() throws {
    let graph = try Graph("any") { g in
      let x = g.input("x", Float.self, ["N", 3])
      let edges = g.input("edges", Int32.self, [2, "E"])
      g.output("y", GATConv(4, 2, heads: 2)(relu(GCNConv(3, 4)(x, edges: edges)), edges: edges))
    }
    let session = try Session(graph, ParameterStore(seed: 2))
    for (nodes, edges) in [(2, [0, 1]), (5, [0, 1, 2, 3, 4, 1, 2, 0, 3, 3])] as [(Int, [Int32])] {
      let list = try HostTensor(edges, [2, edges.count / 2])
      let y = try #require(try session.step(["x": try ramp([nodes, 3]), "edges": list])["y"])
      #expect(y.sizes == [nodes, 4] && y.elements(Float.self).allSatisfy(\.isFinite))
    }
    let wrong = try HostTensor([0, 2] as [Int32], [2, 1])
    #expect(throws: Diagnostic.self, "there is no node 2") {
      try session.step(["x": try ramp([2, 3]), "edges": wrong])
    }
  }

  // MARK: Dropout and masks

  @Test func dropoutInsideLayersActsInTrainingOnly() throws {
    let (encoder, lstm) = (
      TransformerEncoderLayer(4, heads: 2, hidden: 8, dropout: 0.5), LSTM(4, 4, layers: 2, dropout: 0.5)
    )
    let attention = MultiHeadAttention(4, heads: 2, dropout: 0.5)
    let calls: [(name: String, call: (Tensor<Float>) -> Tensor<Float>)] = [
      ("encoder", { encoder($0) }), ("lstm", { lstm($0).output }), ("attention", { attention($0, causal: true) }),
    ]
    for (name, call) in calls {
      for mode in [GraphContext.Mode.training, .evaluation] {
        let graph = try Graph(name, mode: mode) { g in g.output("y", call(g.input("x", Float.self, [3, 2, 4]))) }
        let session = try Session(graph, ParameterStore(seed: 4))
        let results = try (0..<2).map { _ in try session.step(["x": try ramp([3, 2, 4])])["y"] }
        #expect((results[0] == results[1]) == (mode == .evaluation), "\(name) \(mode)")
      }
      #expect(throws: Diagnostic.self, "\(name) cannot be trained as it is evaluated") {
        try Graph(name) { g in
          g.minimize(call(g.input("x", Float.self, [3, 2, 4])).sum(), with: SGD(learningRate: 0.1))
        }
      }
    }
  }

  @Test func aTriangularMaskIsCausal() throws {
    let graph = try Graph("masks") { g in
      let x = g.input("x", Float.self, [2, 5, 4])
      let layer = g.module(MultiHeadAttention(4, heads: 2))
      let (row, column) = (g.iota(Int32.self, [5, 5], axis: 0), g.iota(Int32.self, [5, 5], axis: 1))
      g.output("masked", layer(x, mask: column .<= row))
      g.output("causal", layer(x, causal: true))
      g.output("all", layer(x))
    }
    let results = try Session(graph, ParameterStore(seed: 4)).step(["x": try ramp([2, 5, 4])])
    #expect(results["masked"] == results["causal"])
    #expect(results["masked"] != results["all"])
  }
}
