import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// A probe changes no byte of what a step gives.
@Suite struct ProbeTests {
  /// The graph with a probe of every so many nodes, those with several results and integers too.
  static func probed(_ graph: Graph, every stride: Int) throws -> Graph {
    let builder = GraphBuilder(extending: graph)
    for node in graph.nodes where node.id.index % stride == 0 {
      for (k, value) in node.results.enumerated() {
        try builder.output("\(Graph.Output.probePrefix)\(node.id.index)_\(k)", value)
      }
    }
    return builder.graph
  }

  @Test("Results of a model with probes are those without", arguments: CompilerPartTests.cases)
  func resultsStay(_ model: CompilerPartTests.Case) throws {
    let graph = try CompilerPartTests.graph(model.name).binding(model.bindings)
    let inputs = try CompilerPartTests.inputs(of: graph, nodes: model.bindings["N"] ?? 1)
    let expected = try Harness.vm(try Compiler.compile(graph).plan, inputs, threads: 2)
    for stride in [1, 7] {
      let probed = try Self.probed(graph, every: stride)
      let plan = try Compiler.compile(probed).plan
      try plan.verify()
      let found = try Harness.vm(plan, inputs, threads: 2)
      let probes = found.filter { Graph.Output.probe($0.key) != nil }
      #expect(probes.count == probed.outputs.count - graph.outputs.count && !probes.isEmpty)
      let results = found.filter { Graph.Output.probe($0.key) == nil }
      if let difference = firstDifference(results, expected) { Issue.record("every \(stride): \(difference)") }
    }
  }

  @Test("Random graphs with probes give what they give without", arguments: [0, 100, 200])
  func randomResultsStay(_ first: Int) throws {
    for seed in first..<first + 100 {
      let random = try RandomGraph(seed: seed, size: 4 + seed % 17)
      let expected = try Harness.vm(try Compiler.compile(random.graph).plan, random.inputs)
      let probed = try Compiler.compile(Self.probed(random.graph, every: 2)).plan
      let found = try Harness.vm(probed, random.inputs).filter { Graph.Output.probe($0.key) == nil }
      if let difference = firstDifference(found, expected) { Issue.record("seed \(seed): \(difference)") }
    }
  }

  /// Rules that ask for a value with one reader, and a use of each: the value, and the result made from it.
  struct RuleUse: Sendable {
    let rule: String
    let build: @Sendable (GraphBuilder, [ValueID]) throws -> (inner: ValueID, y: ValueID)

    init(
      _ rule: String, _ inner: @escaping @Sendable (GraphBuilder, [ValueID]) throws -> ValueID,
      _ result: @escaping @Sendable (GraphBuilder, ValueID, [ValueID]) throws -> ValueID
    ) {
      self.rule = rule
      build = { b, x in
        let value = try inner(b, x)
        return (value, try result(b, value, x))
      }
    }
  }

  static let uses = [
    RuleUse("fma", { try $0.multiply($1[0], $1[1]) }, { try $0.add($1, $2[2]) }),
    RuleUse("negateDifference", { try $0.subtract($1[0], $1[1]) }, { b, value, _ in try b.negate(value) }),
    RuleUse(
      "oneMinusSigmoid", { try $0.sigmoid($1[0]) }, { b, value, _ in try b.subtract(b.constant(1, .f32), value) }),
    RuleUse("keepDimensions", { try $0.sum($1[0], axes: [1]) }, { b, value, _ in try b.reshape(value, [4, 1]) }),
    RuleUse("transposeOfDot", { try $0.dot($1[0], $1[1]) }, { b, value, _ in try b.transpose(value, [1, 0]) }),
    RuleUse(
      "scaledScatter",
      { b, x in
        let zeros = try b.broadcast(b.constant(0, .f32), to: [4, 4])
        return try b.scatterAdd(zeros, b.constant(HostTensor([0, 1, 2, 0] as [Int32], [4])), x[0], axis: 0)
      }, { b, value, x in try b.multiply(b.sum(x[1], axes: [0, 1]), value) }),
  ]

  @Test func rulesDoNotTakeAProbeForAUse() throws {
    for use in Self.uses {
      // With another output of the value the rule does not fit: else this would show nothing.
      for (name, fires) in [("probe/inner", true), ("inner", false)] {
        let graph = try graph { b in
          let x = try (0..<3).map { try b.input("x\($0)", "f32[4,4]") }
          let (inner, y) = try use.build(b, x)
          try b.output("y", y)
          try b.output(name, inner)
        }
        let fired = try Compiler.compile(graph).record.passes.flatMap(\.firings).contains { $0.rule == use.rule }
        #expect(fired == fires, "\(use.rule) with output \(name)")
      }
    }
  }

  /// What only a probe needs is no use in later passes either.
  @Test func whatOnlyAProbeNeedsIsNoUse() throws {
    func compiled(isProbed: Bool) throws -> Graph {
      let source = try graph { b in
        let x = try (0..<3).map { try b.input("x\($0)", "f32[8]") }
        let product = try b.multiply(x[0], x[1])
        // Gone after `useless` for the result, kept for the probe.
        let kept = try b.exp(product)
        try b.output("y", b.add(product, x[2]))
        if isProbed { try b.output("probe/kept", kept) }
      }
      return try Compiler.compile(source).graph
    }
    #expect(try compiled(isProbed: false).nodes.contains { $0.operationName == "fma" })
    #expect(try compiled(isProbed: true).nodes.contains { $0.operationName == "fma" })
  }
}
