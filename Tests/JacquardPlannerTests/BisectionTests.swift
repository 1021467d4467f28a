import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import JacquardTransforms
import Testing

@testable import JacquardPlanner
@testable import JacquardRuntime

@Suite(.serialized) struct BisectionTests {
  private static let graphs: [(String, @Sendable () throws -> Graph)] = [
    ("step", { try Models.mlpStep(batch: 8, widths: [12, 10, 4]) }),
    ("loop", { try ControlTests.model(steps: 5, width: 8, gradient: true) }),
    ("rows", { try Models.layerNorm([6, 33]) }),
    ("loss", { try Models.handWrittenLogSoftmax() }),
  ]

  private func bisection(_ graph: Graph) throws -> Bisection {
    var random = Random(3)
    var inputs: [String: HostTensor] = [:]
    for input in graph.inputs {
      inputs[input.name] = try random.tensor(input.type, input.type.dtype.isFloat ? 0.1 : 0, input.name == "y" ? 3 : 1)
    }
    return Bisection(graph, inputs: inputs)
  }

  @Test(arguments: graphs.map(\.0)) func whatIsRightAgrees(_ name: String) throws {
    let graph = try #require(BisectionTests.graphs.first { $0.0 == name }).1()
    let bisection = try bisection(graph)
    let passes = try bisection.passes()
    #expect(passes.filter(\.isWrong).isEmpty && passes.count == Pipeline.standard.passes.count + 1)
    #expect(passes.contains { $0.compared == graph.roots.count })
    let compilation = try Compiler.compile(graph)
    for (executor, threads) in [(ExecutorKind.vm, 1), (.vm, 2), (.native, 2)] {
      let kernels = try bisection.kernels(
        of: compilation, executor: executor, threads: threads)
      #expect(kernels.count == compilation.plan.program.kernels.count)
      #expect(kernels.filter(\.isWrong).isEmpty, "\(executor): \(kernels.filter(\.isWrong))")
      #expect(kernels.reduce(0) { $0 + $1.compared } >= graph.outputs.count)
    }
  }

  /// A pass with two rules, one of which is wrong, among the right ones.
  @Test(arguments: [0, 3, 6]) func theWrongPassIsFound(_ position: Int) throws {
    let graph = try graph("f") { b in
      let x = try b.input("x", "f32[4,8]")
      let product = try b.matmul(b.tanh(x), b.input("w", "f32[8,3]"))
      try b.output("y", b.add(b.sin(product), product))
    }
    let wrong = Rule("sineIsIdentity", "it is not", on: ["sin"]) { node, _ in node.inputs[0] }
    let right = Rule("sumTheOtherWay", "a + b is b + a", on: ["tanh"]) { node, context in
      let twice = try context.builder.negate(context.builder.negate(node.inputs[0]))
      return context.builder.type(twice) == "f32[1]" ? twice : nil
    }
    var options = CompileOptions()
    options.passes.passes.insert(Pass("broken", "is wrong", RuleSet("broken", [right, wrong])), at: position)
    let steps = try bisection(graph).passes(options: options)
    let last = try #require(steps.last)
    #expect(last.name == "broken" && last.isWrong && last.suspects == ["sineIsIdentity"], "\(steps)")
    #expect(steps.dropLast().filter(\.isWrong).isEmpty)
    let finding = try #require(last.findings.first)
    #expect(finding.name == "y" && finding.difference.beyond > 0 && finding.difference.first != nil)
  }

  @Test func theWrongKernelIsFound() throws {
    let graph = try Models.mlpStep(batch: 8, widths: [12, 10, 4])
    let bisection = try bisection(graph)
    let compilation = try Compiler.compile(graph)
    var found = 0
    for index in compilation.plan.program.kernels.indices {
      var broken = compilation
      guard broken.plan.program.kernels[index].addHalf(compilation.plan.program) else { continue }
      let steps = try bisection.kernels(of: broken)
      let last = try #require(steps.last)
      #expect(last.isWrong && last.number == index && steps.count == index + 1, "kernel \(index): \(last)")
      #expect(last.overwritten.isEmpty && last.findings.allSatisfy { $0.difference.absolute > 0.4 })
      found += 1
    }
    #expect(found >= 4)
  }

  /// A buffer that lies over one that is still read: the kernel that reads it is not to blame.
  @Test func overwrittenMemoryIsFound() throws {
    let graph = try graph("f") { b in
      let x = try b.input("x", "f32[16,16]")
      let early = try b.matmul(x, x)
      let other = try b.matmul(b.matmul(b.matmul(x, b.input("w", "f32[16,16]")), x), x)
      try b.output("y", b.matmul(other, early))
    }
    var compilation = try Compiler.compile(graph)
    let plan = compilation.plan
    let last = try #require(plan.program.kernels.last)
    // What the last kernel reads, and the last one before it wrote.
    let buffers = last.reads.filter { if case .arena = plan.storage[$0.index] { true } else { false } }
    try #require(buffers.count == 2)
    compilation.plan.storage[buffers[0].index] = plan.storage[buffers[1].index]
    let steps = try bisection(graph).kernels(of: compilation)
    let wrong = try #require(steps.last)
    #expect(wrong.number == plan.program.kernels.count - 1 && wrong.overwritten.count == 1, "\(steps)")
  }

  @Test func agreement() throws {
    let reference = try HostTensor([1, 100, 0, .nan, .infinity] as [Float], [5])
    let cases: [([Float], Agreement, Int)] = [
      ([1, 100, 0, .nan, .infinity], .exact, 0), ([1.001, 100, 0, .nan, .infinity], .exact, 1),
      ([1.001, 100.01, 0.001, .nan, .infinity], .ofOneStep, 0), ([1.1, 100, 0, .nan, .infinity], .ofOneStep, 1),
      ([1, 100, 0, 3, .infinity], .ofOneStep, 1), ([1, 100, 0, .nan, -.infinity], .ofOneStep, 1),
      ([1.1, 110, 0.05, .nan, .infinity], Agreement(relative: 0.1, absolute: 0.01), 1),
      ([2, 101, 1, .nan, .infinity], Agreement(relative: 0, absolute: 1), 0),
    ]
    for (values, agreement, beyond) in cases {
      let difference = TensorDifference(try HostTensor(values, [5]), reference, within: agreement)
      #expect(difference.beyond == beyond && difference.isAgreement == (beyond == 0), "\(values)")
    }
    let flipped = TensorDifference(
      try HostTensor([Int32](repeating: 1, count: 20_000) + [2], [20_001]),
      try HostTensor([Int32](repeating: 1, count: 20_001), [20_001]), within: .ofOneStep)
    #expect(flipped.beyond == 1 && flipped.isAgreement && flipped.absolute == 1)
  }
}

extension JacquardKernels.Kernel {
  /// Adds a half to every f32 that it stores. - Returns: whether it stores any.
  fileprivate mutating func addHalf(_ program: KernelProgram) -> Bool {
    switch kind {
    case .loops(var nests):
      var changed = false
      for n in nests.indices {
        for s in nests[n].stages.indices {
          var stage = nests[n].stages[s]
          if Self.addHalf(&stage.body, &stage.stores, program) { changed = true }
          nests[n].stages[s] = stage
        }
      }
      kind = .loops(nests)
      return changed
    case .contraction(var product):
      let changed = Self.addHalf(&product.epilogue, &product.stores, program)
      kind = .contraction(product)
      return changed
    default: return false
    }
  }

  private static func addHalf(_ body: inout [Instruction], _ stores: inout [Store], _ program: KernelProgram) -> Bool {
    var changed = false
    for index in stores.indices where program[stores[index].access.buffer].dtype == .f32 {
      body.append(Instruction(.constant(.float(0.5)), .f32))
      body.append(Instruction(.apply(.add, [stores[index].value, body.count - 1]), .f32))
      stores[index].value = body.count - 1
      changed = true
    }
    return changed
  }
}
