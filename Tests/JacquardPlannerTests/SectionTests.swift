import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

@testable import JacquardPlanner
@testable import JacquardRuntime

/// Kernels that run block by block: when they do, and that the results stay the same to the byte.
@Suite struct SectionTests {
  /// Attention, or something that hands large arrays on, at some size.
  struct Case: Sendable, CustomStringConvertible {
    var name: String
    var graph: @Sendable () throws -> Graph
    /// Whether its backward pass makes something again: only what is large, and small beside what is not.
    var repeats = false
    var description: String { name }
  }

  /// Sections wherever they are possible, so that small graphs have them, too.
  static func options(sections: Bool = true, repeats: Bool = false) -> CompileOptions {
    var options = CompileOptions()
    options.memory.usesSections = sections
    options.heuristics.leastLocalBytes = repeats ? 1 << 18 : 1
    options.heuristics.leastBlockTime = 0
    options.heuristics.fewestBlocks = 2
    options.heuristics.fewestRows = 1
    options.heuristics.longPause = repeats ? 8 : 2
    options.heuristics.mostRepeatedTime = repeats ? 0.2 : .infinity
    return options
  }

  /// softmax(q k' / sqrt(d)) v of several heads, perhaps causal, perhaps with its gradients.
  static func attention(
    batch: Int, heads: Int, queries: Int, keys: Int, width: Int, dtype: DType = .f32, isCausal: Bool = false,
    gradients: Bool = false
  ) throws -> Graph {
    try JacquardPlannerTests.graph("attention") { b in
      let q = try b.input("q", TensorType(dtype, Shape([batch, heads, queries, width])))
      let k = try b.input("k", TensorType(dtype, Shape([batch, heads, keys, width])))
      let v = try b.input("v", TensorType(dtype, Shape([batch, heads, keys, width])))
      var scores = try b.matmul(q, b.transpose(k, [0, 1, 3, 2]))
      if isCausal {
        let shape = Shape([batch, heads, queries, keys])
        let rows = try b.iota(shape, axis: 2, .i32)
        let allowed = try b.lessEqual(b.iota(shape, axis: 3, .i32), rows)
        scores = try b.select(allowed, scores, b.broadcast(b.constant(-1e9, dtype), to: shape))
      }
      let result = try b.matmul(b.softmax(scores, axis: 3), v)
      try b.output("y", result)
      if !gradients { return }
      let loss = try b.sum(b.multiply(result, result), axes: [0, 1, 2, 3])
      for (name, value) in zip(["dq", "dk", "dv"], try b.gradients(of: loss, withRespectTo: [q, k, v])) {
        try b.output(name, value)
      }
    }
  }

  /// Rows of a wide layer between narrow ones.
  static func rows(_ rows: Int, _ width: Int) throws -> Graph {
    try JacquardPlannerTests.graph("rows") { b in
      let x = try b.input("x", TensorType(.f32, Shape([rows, 24])))
      let w = try b.input("w", TensorType(.f32, Shape([24, width])))
      let v = try b.input("v", TensorType(.f32, Shape([width, 40])))
      try b.output("y", b.matmul(b.softmax(b.matmul(x, w), axis: 1), v))
    }
  }

  /// Convolutions, whose operands are windows; the padded ones read beside their rows.
  static func convolutions(_ batch: Int, padding: Int) throws -> Graph {
    try JacquardPlannerTests.graph("convolutions") { b in
      let x = try b.input("x", TensorType(.f32, Shape([batch, 3, 12, 12])))
      let w = try b.input("w", TensorType(.f32, Shape([16, 3, 3, 3])))
      let v = try b.input("v", TensorType(.f32, Shape([8, 16, 3, 3])))
      let geometry = ConvGeometry(rank: 2, low: [padding, padding], high: [padding, padding])
      try b.output("y", b.conv(b.tanh(b.conv(x, w, geometry)), v, geometry))
    }
  }

  static let cases: [Case] = [
    Case(name: "heads as blocks", graph: { try attention(batch: 3, heads: 4, queries: 20, keys: 20, width: 8) }),
    Case(name: "odd sizes", graph: { try attention(batch: 3, heads: 5, queries: 37, keys: 29, width: 7) }),
    Case(name: "part of a head", graph: { try attention(batch: 1, heads: 1, queries: 96, keys: 50, width: 16) }),
    Case(
      name: "queries of a prime number", graph: { try attention(batch: 2, heads: 1, queries: 31, keys: 64, width: 5) }),
    Case(
      name: "causal", graph: { try attention(batch: 2, heads: 2, queries: 33, keys: 33, width: 8, isCausal: true) }),
    Case(
      name: "doubles", graph: { try attention(batch: 2, heads: 3, queries: 40, keys: 24, width: 8, dtype: .f64) }),
    Case(
      name: "backward",
      graph: { try attention(batch: 2, heads: 3, queries: 20, keys: 28, width: 8, gradients: true) }),
    Case(
      name: "causal and backward",
      graph: { try attention(batch: 4, heads: 1, queries: 33, keys: 33, width: 9, isCausal: true, gradients: true) }),
    Case(
      name: "a training step", graph: { try CompilerPartTests.graph("transformer.train").binding(["N": 2]) },
      repeats: true),
    Case(name: "rows", graph: { try rows(96, 300) }),
    Case(name: "rows in parts of seven", graph: { try rows(77, 129) }),
    Case(name: "windows", graph: { try convolutions(6, padding: 0) }),
    Case(name: "padded windows", graph: { try convolutions(5, padding: 1) }),
  ]

  private static func inputs(_ graph: Graph) throws -> [String: HostTensor] {
    if !graph.updates.isEmpty { return try CompilerPartTests.inputs(of: graph, nodes: 1) }
    var random = Random(7)
    var inputs: [String: HostTensor] = [:]
    for input in graph.inputs { inputs[input.name] = try random.tensor(input.type, -0.8, 0.9) }
    return inputs
  }

  @Test("The same bytes as without sections, on every executor", arguments: cases)
  func sameBytes(_ tried: Case) throws {
    let graph = try tried.graph()
    let inputs = try Self.inputs(graph)
    let whole = try Compiler.compile(graph, options: Self.options(sections: false)).plan
    let plan = try Compiler.compile(graph, options: Self.options(repeats: tried.repeats)).plan
    try plan.verify()
    let read = try Plan(json: Array(plan.json().text(.document).utf8), file: "plan.json")
    #expect(!plan.sections.isEmpty && plan.localBytes > 0 && read == plan)
    #expect(!tried.repeats || plan.memory.repeats?.isEmpty == false)
    #expect(plan.arenaBytes < whole.arenaBytes && plan.localBytes < whole.arenaBytes)
    let expected = try Harness.vm(whole, inputs, steps: 2)
    for threads in 1...3 {
      let plain = try Harness.vm(plan, inputs, threads: threads, steps: 2, poison: 0x7F)
      let poisoned = try Harness.vm(plan, inputs, threads: threads, steps: 2, poisonsFreed: true)
      #expect(firstDifference(plain, expected) == nil, "\(threads) threads")
      #expect(firstDifference(poisoned, expected) == nil, "\(threads) threads, poisoned")
    }
    var batch = NativeBatch()
    batch.add(tried.name, plan, inputs)
    let outcome = try batch.outcome(steps: 2, threads: [1, 2, 3])
    #expect(outcome.differences.isEmpty, "\(outcome.text)")
  }

  /// Every kernel has its own time, and the threads' tiles are all of them, whoever did them.
  @Test func profilesShowKernels() throws {
    let graph = try Self.attention(batch: 4, heads: 4, queries: 64, keys: 64, width: 16)
    let plan = try Compiler.compile(graph, options: Self.options()).plan
    let runner = try PlanRunner(plan: plan, threads: 2)
    for (name, tensor) in try Self.inputs(graph) { try runner.bind(name, TensorStorage(tensor)) }
    runner.isProfiling = true
    try runner.run()
    let section = try #require(plan.sections.first)
    for kernel in section.kernels {
      let events = runner.profile.events.filter { $0.kernel == kernel && $0.kind == .kernel }
      #expect(events.reduce(0) { $0 + $1.tiles } >= section.blocks && events.allSatisfy { $0.start <= $0.end })
    }
  }

  /// Attention of the usual size has its scores by heads, and no such matrix in the arena.
  @Test func attentionStoresNoScores() throws {
    let graph = try Self.attention(batch: 16, heads: 4, queries: 128, keys: 128, width: 32, isCausal: true)
    let plan = try Compiler.compile(graph).plan
    let scores = 16 * 4 * 128 * 128 * 4
    #expect(plan.sections.map(\.blocks) == [64] && plan.arenaBytes < scores && plan.localBytes < 384 << 10)
    let small = try Compiler.compile(Self.attention(batch: 2, heads: 2, queries: 32, keys: 32, width: 8)).plan
    #expect(small.program.sections == nil && small.localBytes == 0)
  }

  /// A training step's weights of attention are made again where its backward pass reads them.
  @Test func trainingStoresNoScores() throws {
    let plan = try ZooPlanTests.compilation("transformer.train").plan
    let repeats = try #require(plan.memory.repeats)
    func isInSection(_ kernel: Int) -> Bool { plan.sections.contains { $0.kernels.contains(kernel) } }
    let areInSections = repeats.allSatisfy { isInSection($0.kernel) && isInSection($0.of) }
    #expect(repeats.count == 8 && areInSections)
    #expect(!plan.memory.buffers.contains { $0.type == "f32[16,4,128,128]" })
    #expect(plan.sections.contains { $0.locals.contains { plan.program[$0].extents == [16, 4, 128, 128] } })
  }

  /// Where a load of a nest of 8 by 32 reads an array of the same shape, and whether blocks then read their own slices.
  struct Reading: Sendable, CustomStringConvertible {
    var description: String
    var row: IndexExpression
    var column: IndexExpression
    var blocks: Int
    var isBlockwise: Bool

    init(_ text: String, _ row: IndexExpression, _ column: IndexExpression, blocks: Int, _ isBlockwise: Bool) {
      (description, self.row, self.column, self.blocks, self.isBlockwise) = (text, row, column, blocks, isBlockwise)
    }
  }

  private static let i = IndexExpression.axis(0)
  private static let j = IndexExpression.axis(1)
  private static let pair = i.floorDiv(2, in: [8, 32]) * 2

  static let readings = [
    Reading("in order", i, j, blocks: 4, true), Reading("row by row", i, j, blocks: 8, true),
    Reading("no cut of rows", i, j, blocks: 3, false), Reading("more blocks than rows", i, j, blocks: 16, false),
    Reading("rows reversed", IndexExpression(7) - i, j, blocks: 4, false),
    Reading("rows shifted", (i + IndexExpression(1)).remainder(8, in: [9, 32]), j, blocks: 4, false),
    Reading("one row for all", IndexExpression(3), j, blocks: 4, false),
    Reading("columns reversed", i, IndexExpression(31) - j, blocks: 8, true),
    Reading("every other row in its block", pair, j, blocks: 4, true),
    Reading("every other row of another block", pair, j, blocks: 8, false),
  ]

  /// What the finder and the verifier take for a block's own part.
  @Test(arguments: readings) func slices(_ reading: Reading) {
    let buffers = [Buffer("x", .f32, [8, 32]), Buffer("y", .f32, [8, 32])]
    let load = Instruction(.load(Access(BufferID(0), [reading.row, reading.column])), .f32)
    let store = Store(Access(BufferID(1), [Self.i, Self.j]), 0)
    let nest = LoopNest(outer: [8], stages: [Stage(inner: [32], body: [load], stores: [store])])
    let kernel = Kernel(name: "copy", nodes: [], kind: .loops([nest]))
    let uses = BlockCut(buffers: buffers, blocks: reading.blocks).uses(of: kernel)
    #expect((uses?[BufferID(0)]?.isBlockwise ?? false) == reading.isBlockwise)
  }
}
