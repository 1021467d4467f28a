import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import JacquardPlanner
import Testing

/// Results that a convolution reads in a padded array are stored there by what makes them.
@Suite struct PaddedResultTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Kernels with and without the step.
    let kernels: [Int]
    var size = 17
    let body: @Sendable (GraphBuilder, ValueID) throws -> ValueID
  }

  static let forms = [
    Form(testDescription: "a product with an activation", kernels: [3, 4]) { b, x in
      try conv(b, "second", b.relu(conv(b, "first", x, 8)), 5)
    },
    Form(testDescription: "rows of other lengths", kernels: [3, 4], size: 9) { b, x in
      try conv(b, "second", b.tanh(conv(b, "first", x, 3)), 5)
    },
    Form(testDescription: "the largest of windows", kernels: [4, 5], size: 18) { b, x in
      let pooled = try b.maxPool(
        conv(b, "first", x, 4), window: [2, 2], ConvGeometry(rank: 2, strides: [2, 2], low: [0, 0], high: [0, 0]))
      return try conv(b, "second", pooled.values, 5)
    },
    Form(testDescription: "a sum with what came before", kernels: [5, 8]) { b, x in
      let first = try b.relu(conv(b, "first", x, 8))
      let second = try b.relu(conv(b, "second", first, 8))
      return try conv(b, "last", b.relu(b.add(first, conv(b, "third", second, 8))), 5)
    },
  ]

  private static func conv(_ b: GraphBuilder, _ name: String, _ x: ValueID, _ maps: Int) throws -> ValueID {
    let channels = b.type(x).shape.sizes?[1] ?? 0
    let w = try b.input(name, TensorType(.f32, Shape([maps, channels, 3, 3])))
    return try b.conv(x, w, ConvGeometry(rank: 2, strides: [1, 1], low: [1, 1], high: [1, 1]))
  }

  private static func graph(_ form: Form) throws -> Graph {
    try JacquardPlannerTests.graph("padded") { b in
      let x = try b.input("x", TensorType(.f32, Shape([3, 2, form.size, form.size])))
      try b.output("y", form.body(b, x))
    }
  }

  private static func inputs(_ graph: Graph) throws -> [String: HostTensor] {
    var random = Random(5)
    return try Dictionary(uniqueKeysWithValues: graph.inputs.map { ($0.name, try random.tensor($0.type)) })
  }

  @Test(arguments: forms) func oneKernelLessForEachCopy(_ form: Form) throws {
    let graph = try Self.graph(form)
    var apart = CompileOptions()
    apart.disabledFusions.insert(.padding)
    let plans = try [CompileOptions(), apart].map { try Compiler.compile(graph, options: $0).plan }
    for plan in plans { try plan.verify() }
    #expect(plans.map(\.program.kernels.count) == form.kernels)
    let inputs = try Self.inputs(graph)
    let failure = Trial(graph: graph, inputs: inputs).failure()
    #expect(failure == nil)
    let results = try plans.map { try Harness.vm($0, inputs, threads: 2, poison: 0xA5) }
    #expect(firstDifference(results[0], results[1]) == nil)
  }

  /// Nobody asks where the largest values were.
  @Test func unreadPositionsAreNotSought() throws {
    func combiners(_ build: (GraphBuilder, (values: ValueID, positions: ValueID)) throws -> Void) throws -> [Combiner] {
      let graph = try JacquardPlannerTests.graph("pool") { b in
        let x = try b.input("x", TensorType(.f32, Shape([2, 3, 8, 8])))
        let geometry = ConvGeometry(rank: 2, strides: [2, 2], low: [0, 0], high: [0, 0])
        try build(b, b.maxPool(x, window: [2, 2], geometry))
      }
      return try Compiler.compile(graph).plan.program.kernels.flatMap { kernel in
        guard case .loops(let nests) = kernel.kind else { return [Combiner]() }
        return nests.flatMap(\.stages).flatMap { $0.reductions.map(\.combiner) }
      }
    }
    let values = try combiners { try $0.output("y", $1.values) }
    let positions = try combiners { try $0.output("i", $1.positions) }
    let both = try combiners { b, pool in
      try b.output("y", pool.values)
      try b.output("i", pool.positions)
    }
    #expect([values, positions, both] == [[.maximum], [.argmax], [.argmax]])
  }
}
