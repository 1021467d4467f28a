import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

/// The graph passes and differentiation take near-linear time.
@Suite(.serialized) struct ScalingTests {
  enum Form: String, CaseIterable, Sendable { case chain, tree, dag }

  /// A graph of that many nodes (about) with one scalar output; `dag` has a fifth of reductions.
  static func build(_ form: Form, _ count: Int) throws -> Graph {
    let builder = GraphBuilder(name: form.rawValue)
    let x = try builder.input("x", "f32[8,8]")
    let last: ValueID =
      switch form {
      case .chain: try chain(builder, x, count)
      case .tree: try tree(builder, x, count)
      case .dag: try dag(builder, x, count)
      }
    try builder.output("y", builder.sum(last, axes: [0, 1]))
    return builder.graph
  }

  private static func chain(_ b: GraphBuilder, _ x: ValueID, _ count: Int) throws -> ValueID {
    var value = x
    for index in 0..<count {
      switch index % 4 {
      case 0: value = try b.tanh(value)
      case 1: value = try b.add(value, x)
      case 2: value = try b.multiply(value, b.constant(1 + Double(index), .f32))
      default: value = try b.negate(value)
      }
    }
    return value
  }

  private static func tree(_ b: GraphBuilder, _ x: ValueID, _ count: Int) throws -> ValueID {
    var level: [ValueID] = []
    for index in 0..<count / 3 { level.append(try b.multiply(x, b.constant(Double(index) + 0.5, .f32))) }
    while level.count > 1 {
      var next: [ValueID] = []
      for pair in stride(from: 0, to: level.count - 1, by: 2) { next.append(try b.add(level[pair], level[pair + 1])) }
      if level.count % 2 == 1, let odd = level.last { next.append(odd) }
      level = next
    }
    return level[0]
  }

  private static func dag(_ b: GraphBuilder, _ x: ValueID, _ count: Int) throws -> ValueID {
    var random = Random(11)
    var values = [x]
    for _ in 0..<count {
      let a = values[random.below(values.count)]
      let c = values[max(0, values.count - 1 - random.below(20))]
      switch random.below(10) {
      case 0, 1:
        let sum = try b.sum(a, axes: [random.below(2)], keepDims: true)
        values.append(try b.add(sum, c))
      case 2, 3: values.append(try b.sigmoid(c))
      case 4, 5: values.append(try b.multiply(a, c))
      default: values.append(try b.subtract(a, c))
      }
    }
    return try values.suffix(50).dropLast().reduce(values[values.count - 1]) { try b.add($0, $1) }
  }

  private static func time<T>(_ body: () throws -> T) rethrows -> (T, Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try body()
    return (result, start.duration(to: clock.now) / .seconds(1))
  }

  private static func withGradient(_ form: Form, _ count: Int) throws -> Graph {
    try build(form, count).addingGradients(of: "y", withRespectTo: ["x"])
  }

  @Test(arguments: Form.allCases) func tenThousandNodes(_ form: Form) throws {
    let (graph, building) = try Self.time { try Self.build(form, 10_000) }
    #expect(graph.nodes.count > 9_000)
    let (_, compiling) = try Self.time { try Pipeline.standard.run(graph) }
    let (full, differentiating) = try Self.time { try graph.addingGradients(of: "y", withRespectTo: ["x"]) }
    let (_, both) = try Self.time { try Pipeline.standard.run(full) }
    print(
      "\(form): build \(building) s, passes \(compiling) s, gradient \(differentiating) s, "
        + "passes over \(full.nodes.count) nodes \(both) s")
    // Generous, for machines under load and for builds without optimisation.
    #expect(building < 5 && compiling < 5 && differentiating < 10 && both < 15)
  }

  /// Four times the nodes may take about four times as long, not sixteen.
  @Test(arguments: Form.allCases) func timeIsNearLinear(_ form: Form) throws {
    let (small, large) = (try Self.withGradient(form, 5_000), try Self.withGradient(form, 20_000))
    func fastest(_ graph: Graph) throws -> Double {
      try (0..<3).map { _ in try Self.time { try Pipeline.standard.run(graph) }.1 }.min() ?? 0
    }
    let (first, second) = (try fastest(small), try fastest(large))
    #expect(second < 9 * first + 0.05, "\(form): \(first) s for 5,000 nodes, \(second) s for 20,000")
  }

  /// Rules that fire at every node, each absorbing the one before.
  @Test func longChainsOfFirings() throws {
    let graph = try graph([("x", "f32[20000]")]) { b, x in
      var value = x[0]
      for index in 0..<10_000 { value = try b.slice(value, starts: [1], limits: [Dim(20_000 - index)]) }
      return value
    }
    let ((result, record), seconds) = try Self.time { try Pipeline.standard.run(graph) }
    #expect(try result.expression() == "slice[starts:10000 limits:20000 strides:1](x)")
    #expect(record.passes[0].firings.count == 9_999)
    #expect(record.sources()[0].count == 10_000)
    #expect(seconds < 5, "\(seconds) s")
  }
}
