import Jacquard
import Testing

/// What layers commute with, on random inputs: translations, the numbering of nodes, the order of tokens.
@Suite struct SymmetryTests {
  /// Evaluates a declaration of float inputs and integer inputs, with parameters from a seed.
  private func run(
    _ floats: [HostTensor], _ integers: [HostTensor] = [], seed: Int,
    _ body: ([Tensor<Double>], [Tensor<Int32>]) -> Tensor<Double>
  ) throws -> HostTensor {
    let graph = try Graph("symmetry") { g in
      let x = floats.enumerated().map { g.input("x\($0)", Double.self, $1.shape) }
      let i = integers.enumerated().map { g.input("i\($0)", Int32.self, $1.shape) }
      g.output("y", body(x, i))
    }
    let store = ParameterStore(seed: seed)
    try store.initialize(graph)
    var values: [String: HostTensor] = [:]
    for name in store.names { values[name] = store[name] }
    for (index, tensor) in floats.enumerated() { values["x\(index)"] = tensor }
    for (index, tensor) in integers.enumerated() { values["i\(index)"] = tensor }
    let y = try #require(try graph.evaluate(values).outputs["y"])
    let session = try Session(graph, store)
    let step = try session.step(values.filter { store.role(of: $0.key) == nil })["y"]
    #expect(distance(try #require(step), y) <= 1e-12, "the executor agrees with the reference")
    return y
  }

  private func draw(_ sizes: [Int], _ key: Int) throws -> HostTensor {
    let philox = Philox(UInt32(key), 99)
    return try Draw.tensor(.f64, sizes) { 2 * philox.uniform($0) - 1 }
  }

  private func distance(_ a: HostTensor, _ b: HostTensor) -> Double {
    if a.sizes != b.sizes { return .infinity }
    return (0..<a.count).map { abs(a[linear: $0].asDouble - b[linear: $0].asDouble) }.max() ?? 0
  }

  // MARK: Translations

  /// Images `[..., H, W]` moved around the border.
  private func rolled(_ x: HostTensor, _ down: Int, _ right: Int) throws -> HostTensor {
    let (height, width) = (x.sizes[x.sizes.count - 2], x.sizes[x.sizes.count - 1])
    return try Draw.tensor(.f64, x.sizes) { index in
      let (plane, row, column) = (index / (height * width), index / width % height, index % width)
      let (from, left) = ((row - down + 4 * height) % height, (column - right + 4 * width) % width)
      return x[linear: (plane * height + from) * width + left].asDouble
    }
  }

  @Test(arguments: [1, 2, 3]) func circularConvolutionCommutesWithTranslations(_ stride: Int) throws {
    let layer = Conv2d(2, 3, kernel: 3, stride: stride, padding: 1, paddingMode: .circular)
    for seed in 0..<4 {
      let x = try draw([2, 2, 6, 12], seed)
      let y = try run([x], seed: seed) { x, _ in layer(x[0]) }
      for (down, right) in [(1, 0), (0, 2), (3, 5), (-2, 1)] {
        let moved = try run([rolled(x, down * stride, right * stride)], seed: seed) { x, _ in layer(x[0]) }
        #expect(try moved == rolled(y, down, right), "stride \(stride), \(down) down, \(right) right")
      }
    }
  }

  @Test func otherTranslationsOfAStridedConvolutionDoNot() throws {
    let layer = Conv2d(1, 1, kernel: 3, stride: 2, padding: 1, paddingMode: .circular)
    let x = try draw([1, 1, 6, 6], 1)
    let y = try run([x], seed: 1) { x, _ in layer(x[0]) }
    let moved = try run([rolled(x, 1, 0)], seed: 1) { x, _ in layer(x[0]) }
    for down in 0..<3 { #expect(try distance(moved, rolled(y, down, 0)) > 1e-3) }
  }

  /// With zeros around, outputs whose window lies inside before and after move along; those at the border do not.
  @Test func zeroPaddingCommutesInside() throws {
    let layer = Conv2d(2, 3, kernel: 3, padding: 1)
    let (height, width) = (7, 8)
    for seed in 0..<4 {
      let x = try draw([1, 2, height, width], seed)
      let y = try run([x], seed: seed) { x, _ in layer(x[0]) }
      let moved = try run([rolled(x, 1, 0)], seed: seed) { x, _ in layer(x[0]) }
      let expected = try rolled(y, 1, 0)
      let differing = (0..<y.count).filter { moved[linear: $0] != expected[linear: $0] }
      let rows = Set(differing.map { $0 / width % height })
      // Rows 2 ..< height - 1 have windows inside, in the image and in the moved one.
      #expect(rows.isSubset(of: [0, 1, height - 1]) && !rows.isEmpty, "\(rows)")
    }
  }

  @Test func globalPoolingIsInvariant() throws {
    let layer = Conv2d(2, 3, kernel: 3, padding: 1, paddingMode: .circular)
    for seed in 0..<4 {
      let x = try draw([2, 2, 5, 6], seed)
      let y = try run([x], seed: seed) { x, _ in relu(layer(x[0])).mean(2, 3) }
      let moved = try run([rolled(x, 2, 3)], seed: seed) { x, _ in relu(layer(x[0])).mean(2, 3) }
      #expect(distance(y, moved) <= 1e-14)
    }
  }

  // MARK: Graphs

  private func shuffled(_ count: Int, _ seed: Int) -> [Int] {
    let philox = Philox(UInt32(seed), 5)
    return (0..<count).sorted { philox.uniform($0) < philox.uniform($1) }
  }

  /// Row i of the result is row `order[i]`.
  private func rows(_ x: HostTensor, _ order: [Int]) throws -> HostTensor {
    let width = x.count / x.sizes[0]
    return try Draw.tensor(.f64, x.sizes) { x[linear: order[$0 / width] * width + $0 % width].asDouble }
  }

  /// The edges after the nodes have been put in an order.
  private func renumbered(_ edges: HostTensor, _ order: [Int]) throws -> HostTensor {
    let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    let numbers = edges.elements(Int32.self).map { Int32(places[Int($0)] ?? 0) }
    return try HostTensor(numbers, edges.sizes)
  }

  private typealias GraphLayer = (Tensor<Double>, Tensor<Int32>) -> Tensor<Double>

  private func graphLayers() -> [(name: String, layer: GraphLayer)] {
    let messages = Aggregation.allCases.map { aggregation in
      let layer = MessagePassing(message: Linear(6, 4), update: Linear(7, 5), aggregation: aggregation)
      return (name: "\(aggregation)", layer: { layer($0, edges: $1) } as GraphLayer)
    }
    let (gcn, gat) = (GCNConv(3, 4), GATConv(3, 4, heads: 2))
    return messages + [("gcn", { gcn($0, edges: $1) }), ("gat", { gat($0, edges: $1) })]
  }

  @Test func messagePassingCommutesWithTheNumberingOfNodes() throws {
    let (nodes, count) = (6, 13)
    for seed in 0..<4 {
      let x = try draw([nodes, 3], seed)
      let philox = Philox(UInt32(seed), 3)
      let edges = try HostTensor((0..<2 * count).map { Int32(Double(nodes) * philox.uniform($0)) }, [2, count])
      let order = shuffled(nodes, seed + 1)
      let (moved, renumbered) = (try rows(x, order), try renumbered(edges, order))
      for (name, layer) in graphLayers() {
        let y = try run([x], [edges], seed: seed) { layer($0[0], $1[0]) }
        let other = try run([moved], [renumbered], seed: seed) { layer($0[0], $1[0]) }
        #expect(try distance(other, rows(y, order)) <= 1e-13, "\(name)")
        if order != order.sorted() { #expect(distance(other, y) > 1e-3, "\(name): the order matters at all") }
        let sums = try [(x, edges), (moved, renumbered)].map { x, edges in
          try run([x], [edges], seed: seed) { layer($0[0], $1[0]).sum(0) }
        }
        #expect(distance(sums[0], sums[1]) <= 1e-13, "\(name): the read-out")
      }
    }
  }

  // MARK: Tokens

  @Test func attentionCommutesWithTheOrderOfTokensUnlessTheyHavePositions() throws {
    let layer = MultiHeadAttention(8, heads: 2)
    let (sinusoidal, learned) = (SinusoidalPositions(), LearnedPositions(5, 8))
    let models: [(name: String, isSymmetric: Bool, call: (Tensor<Double>) -> Tensor<Double>)] = [
      ("no positions", true, { layer($0) }), ("sinusoidal", false, { layer(sinusoidal($0)) }),
      ("learned", false, { layer(learned($0)) }), ("causal", false, { layer($0, causal: true) }),
    ]
    for seed in 0..<4 {
      let x = try draw([5, 8], seed)
      let order = [4, 2, 0, 1, 3]
      for (name, isSymmetric, call) in models {
        let results = try [x, rows(x, order)].map { x in
          try run([x], seed: seed) { x, _ in call(x[0].expandingDims(0)).squeezed(0) }
        }
        let difference = try distance(results[1], rows(results[0], order))
        #expect(isSymmetric ? difference <= 1e-13 : difference > 1e-4, "\(name): \(difference)")
      }
    }
  }
}
