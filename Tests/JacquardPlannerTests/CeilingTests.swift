import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

@testable import JacquardPlanner
@testable import JacquardRuntime

/// Ceilings that no later change may move.
@Suite struct CeilingTests {
  private func plan(_ graph: Graph) throws -> Plan {
    let plan = try Compiler.compile(graph).plan
    try plan.verify()
    return plan
  }

  private func outline(_ plan: Plan) -> String {
    plan.program.kernels.map { kernel in
      switch kernel.kind {
      case .loops(let nests):
        let forms = nests.map { nest in "\(nest.outer)" + nest.stages.map { "{\($0.inner)}" }.joined() }
        return "\(kernel.name): loops \(forms)"
      case .contraction(let product): return "\(kernel.name): product \(product.extents) by \(product.k)"
      case .scatter: return "\(kernel.name): scatter"
      case .library: return "\(kernel.name): library"
      case .control: return "\(kernel.name): control"
      }
    }.joined(separator: "\n")
  }

  @Test(arguments: [[64, 10], [64, 1000], [2, 3, 40], [1, 5000]]) func rowSoftmaxIsOneKernel(_ shape: [Int]) throws {
    let plan = try plan(Models.rowFunction("softmax", shape) { try $0.softmax($1) })
    #expect(plan.program.kernels.count == 1, "\(outline(plan))")
    #expect(plan.count(.exp) == 1)
  }

  @Test(arguments: [[64, 10], [64, 1000], [2, 3, 40]]) func layerNormIsOneKernel(_ shape: [Int]) throws {
    let plan = try plan(Models.layerNorm(shape))
    #expect(plan.program.kernels.count == 1, "\(outline(plan))")
  }

  @Test func productBiasAndActivationAreOneKernel() throws {
    let activations: [(GraphBuilder, ValueID) throws -> ValueID] = [
      { try $0.relu($1) }, { try $0.gelu($1) }, { try $0.tanh($1) }, { try $0.silu($1) }, { try $0.sigmoid($1) },
      { try $0.softplus($1) }, { try $0.elu($1) }, { try $0.leakyRelu($1) },
    ]
    for (number, activation) in activations.enumerated() {
      let plan = try plan(Models.dense(activation))
      #expect(plan.program.kernels.count == 1, "activation \(number):\n\(outline(plan))")
      #expect(plan.memory.buffers.count == 1, "only the result takes memory")
    }
  }

  /// The rows (loss and gradient) are one kernel; another adds the losses of the rows up.
  @Test func crossEntropyWithItsGradientIsOneRowKernel() throws {
    let plan = try plan(Models.crossEntropyValueAndGradient())
    #expect(plan.program.kernels.count <= 2, "\(outline(plan))")
    #expect(plan.count(.exp) == 1)
    let rows = plan.program.kernels.filter { kernel in
      guard case .loops(let nests) = kernel.kind else { return false }
      return nests.contains { $0.outer == [128] && $0.stages.contains { !$0.inner.isEmpty } }
    }
    #expect(rows.count == 1, "\(outline(plan))")
  }

  @Test func handWrittenLogSoftmaxHasOneExponentialAnElement() throws {
    let plan = try plan(Models.handWrittenLogSoftmax())
    #expect(plan.count(.exp) == 1, "\(outline(plan))")
    for scale in [1.0, 1e4] {
      var random = Random(3)
      let inputs = [
        "x": try random.tensor("f32[64,10]", -scale, scale), "w": try random.tensor("f32[64,10]", -1, 1),
      ]
      let results = try Harness.vm(plan, inputs)
      for name in ["y", "grad/x"] {
        let tensor = try #require(results[name])
        let finite = (0..<tensor.count).allSatisfy { tensor[linear: $0].asDouble.isFinite }
        #expect(finite, "\(name) at \(scale)")
      }
    }
  }

  @Test func adamOfAWholeModelIsFewKernels() throws {
    let plan = try plan(Models.adamStep())
    #expect(plan.program.kernels.count <= 3, "\(outline(plan))")
    #expect(plan.memory.inPlaceUpdates.count == 25)
    #expect(plan.memory.copies.isEmpty)
  }

  @Test func trainingStepOfAClassifier() throws {
    let compilation = try Compiler.compile(Models.mlpStep(batch: 128))
    let plan = compilation.plan
    try plan.verify()
    #expect(plan.program.kernels.count <= 12, "\(outline(plan))")
    #expect(plan.memory.inPlaceUpdates.count == 13, "\(plan.memory.copies)")
    #expect(plan.memory.copies.isEmpty)
    #expect(plan.arenaBytes <= 950_000)
    try checkMemory(compilation)
  }

  @Test(arguments: [1, 7, 96]) func arenasStayNearTheirBound(_ batch: Int) throws {
    try checkMemory(Compiler.compile(Models.mlpStep(batch: batch, widths: [33, 513, 10])))
  }

  private func checkMemory(_ compilation: Compilation) throws {
    let (plan, memory) = (compilation.plan, compilation.plan.memory)
    #expect(memory.achieved == plan.arenaBytes)
    #expect(Double(memory.achieved) <= 1.05 * Double(memory.lowerBound), "\(memory.achieved) of \(memory.lowerBound)")
    #expect(memory.achieved <= memory.unfusedPeak)
    #expect(memory.lowerBound <= memory.naive)
    let best = RandomOrder.leastArena(plan, orders: 1000)
    #expect(plan.arenaBytes <= best, "a random order needs \(best)")
  }
}

enum RandomOrder {
  /// The smallest arena that random orders of a plan's kernels need, one by one.
  static func leastArena(_ plan: Plan, orders: Int) -> Int {
    var random = Random(11)
    var program = plan.program
    program.sections = nil
    let external = Set(
      program.buffers.indices.map { BufferID($0) }.filter { buffer in
        switch plan.storage[buffer.index] {
        case .arena, .scratch: false
        case .input, .constant, .unused: true
        }
      })
    var best = Int.max
    for _ in 0..<orders {
      var other = program
      other.kernels = topological(plan, &random).map { program.kernels[$0] }
      best = min(best, MemoryPlan(other, external: external).arenaBytes)
    }
    return best
  }

  /// A random order in which every kernel comes after those whose results it reads, and what is written over an input after those
  /// that read what lay there.
  static func topological(_ plan: Plan, _ random: inout Random) -> [Int] {
    let program = plan.program
    var writer: [BufferID: Int] = [:]
    for (index, kernel) in program.kernels.enumerated() { for buffer in kernel.writes { writer[buffer] = index } }
    var left = program.kernels.map { kernel in Set(kernel.reads.compactMap { writer[$0] }) }
    func inputs(_ buffers: [BufferID]) -> Set<Int> {
      Set(buffers.compactMap { if case .input(let input) = plan.storage[$0.index] { input } else { nil } })
    }
    for (index, kernel) in program.kernels.enumerated() {
      let written = inputs(kernel.writes)
      if written.isEmpty { continue }
      left[index].formUnion((0..<index).filter { !written.isDisjoint(with: inputs(program.kernels[$0].reads)) })
    }
    for index in left.indices { left[index].remove(index) }
    var order: [Int] = []
    var open = Set(program.kernels.indices)
    while !open.isEmpty {
      let ready = open.filter { left[$0].isEmpty }.sorted()
      let next = random.pick(ready)
      order.append(next)
      open.remove(next)
      for index in open { left[index].remove(next) }
    }
    return order
  }
}
