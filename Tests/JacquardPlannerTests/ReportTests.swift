import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

/// What a graph, a plan and a compilation say of themselves.
@Suite struct ReportTests {
  /// tanh(x w + b), a sort of it, and the square of a matrix that nothing else reads.
  static func example() throws -> Graph {
    try graph("example") { b in
      let x = try b.input("x", "f32[64,32]")
      let w = try b.input("w", "f32[32,48]")
      let z = try b.input("z", "f32[7,7]")
      let product = try b.dot(x, w)
      try b.name(product, "product")
      let h = try b.tanh(product)
      try b.name(h, "h")
      let top = try b.sort(h, axis: 1).values
      try b.name(top, "sorted")
      let view = try b.reshape(top, Shape([48, 64]))
      try b.name(view, "view")
      try b.output("y", b.sum(view, axes: [0, 1]))
      let alone = try b.dot(z, z)
      try b.name(alone, "alone")
      try b.output("other", alone)
    }
  }

  @Test func aGraphIsShownInShort() throws {
    let text = try Self.example().description
    let lines = [
      "graph example {", "  input x: f32[64,32] data", "  h: f32[64,48] = tanh(product)",
      "  view: f32[48,64] = reshape(sorted) {shape: [48, 64]}", "  output other = alone", "}",
    ]
    let found = text.split(separator: "\n").map(String.init)
    for line in lines { #expect(found.contains(line), "\(line) in\n\(text)") }
    let large = try graph { b in
      var value = try b.input("x", "f32[]")
      for _ in 0..<(Graph.shownNodes + 5) { value = try b.exp(value) }
      let weights = try b.constant(HostTensor((0..<100).map { Float($0) }, [100]))
      try b.output("y", b.add(value, weights))
    }
    #expect(large.description.contains("... 7 more nodes"))
    let constant = try graph { b in try b.output("y", b.constant(HostTensor((0..<100).map { Float($0) }, [100]))) }
    #expect(constant.description.contains("f32[100]") && constant.description.utf8.count < 200)
  }

  @Test func aPlanHasATableOfItsKernels() throws {
    let plan = try Compiler.compile(Self.example()).plan
    let lines = plan.report.split(separator: "\n").map(String.init)
    #expect(lines.count == plan.program.kernels.count + 3 && lines[0] == plan.description)
    #expect(lines[0].hasPrefix("plan example: \(plan.program.kernels.count) kernels, "))
    let product = try #require(lines.first { $0.contains("dot 'product'") })
    // 2 * 64 * 48 * 32 of the product and 64 * 48 of the function; operands and the result once.
    for part in ["199,680", "14,336", "12,288", "tanh 'h'"] { #expect(product.contains(part), "\(product)") }
    #expect(lines.contains { $0.contains(" - ") && $0.contains("sort") } || lines.contains { $0.contains("sort") })
    let work = plan.program.kernels.map { plan.work(of: $0) }
    let read = Int(work.map(\.bytesRead).reduce(0, +))
    #expect(lines.last?.contains(Self.grouped(read)) ?? false)
  }

  static func grouped(_ value: Int) -> String {
    value < 1000 ? "\(value)" : "\(grouped(value / 1000)),\(String(value % 1000 + 1000).dropFirst())"
  }

  @Test func aPlanSaysWhereItsBytesAre() throws {
    let plan = try Compiler.compile(Self.example()).plan
    let text = plan.memoryReport
    for part in ["memory of example", "arena", "lower bound", "in place: no parameter or state", "largest of"] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(text.contains(Self.grouped(plan.memory.achieved)))
  }

  @Test func fusionIsExplained() throws {
    let compilation = try Compiler.compile(Self.example())
    func answer(_ a: String, _ b: String) throws -> FusionExplanation { try compilation.explain(fusing: a, b) }
    let together = try answer("product", "h")
    guard case .together(let kernels, let steps) = together.answer else {
      Issue.record("\(together)")
      return
    }
    #expect(kernels.count == 1 && steps == [.join] && together.description.contains("both are in kernel"))
    let view = compilation.graph.nodes.first { $0.operation is Reshape }?.id
    #expect(try answer("view", "h").answer == .noKernel([try #require(view)]))
    let alone = try answer("alone", "h")
    #expect(alone.answer == .independent, "\(alone)")
    let refused = try answer("h", "sorted")
    #expect(refused.answer == .refused([.notLoops]), "\(refused)")
    #expect(refused.description.contains(FusionRefusal.Reason.notLoops.rawValue))
    #expect(try answer("sorted", "h").answer == refused.answer)
    let sum = try #require(compilation.graph.nodes.first { $0.operation is Sum }?.id)
    let far = try compilation.explain(fusing: try #require(compilation.node("product")), sum)
    guard case .apart(let borders) = far.answer else {
      Issue.record("\(far)")
      return
    }
    #expect(borders.count == 2 && borders[0].second == borders[1].first && borders[0].reasons == [.notLoops])
    #expect(throws: Diagnostic.self) { try compilation.explain(fusing: "h", "nothing") }
    #expect(throws: Diagnostic.self) { try compilation.explain(fusing: NodeID(0), NodeID(999)) }
  }

  /// With fusion off the same question has another answer.
  @Test func whatIsApartWithoutFusionIsTogetherWith() throws {
    let apart = try Compiler.compile(Self.example(), options: Harness.options(fuse: false))
    if case .together = try apart.explain(fusing: "product", "h").answer { Issue.record("nothing is fused") }
  }
}

extension Compilation {
  fileprivate func node(_ name: String) -> NodeID? { graph.nodes.first { $0.name == name }?.id }
}
