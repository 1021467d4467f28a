import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

@testable import JacquardPlanner
@testable import JacquardRuntime

@Suite struct MemoryPlanTests {
  /// A program of kernels that read some buffers at reversed positions (so that none can be overwritten) and write one.
  private func program(_ random: inout Random, kernels: Int) -> KernelProgram {
    var program = KernelProgram()
    for index in 0..<kernels {
      let extent = 16 * (1 + random.below(12))
      program.buffers.append(Buffer("b\(index)", .f32, [extent]))
      let sources = (0..<random.below(3)).map { _ in random.below(max(index, 1)) }.filter { $0 < index }
      var body: [Instruction] = [Instruction(.constant(.float(1)), .f32)]
      for source in Set(sources).sorted() {
        let last = program.buffers[source].extents[0] - 1
        let place = (IndexExpression.axis(0) * -1 + IndexExpression(extent)).remainder(last + 1, in: [extent])
        body.append(Instruction(.load(Access(BufferID(source), [place])), .f32))
        body.append(Instruction(.apply(.add, [body.count - 1, 0]), .f32))
      }
      let store = Store(Access(BufferID(index), [.axis(0)]), body.count - 1)
      program.kernels.append(
        Kernel(
          name: "k\(index)", nodes: [],
          kind: .loops([LoopNest(outer: [extent], stages: [Stage(body: body, stores: [store])])])))
    }
    program.results = [BufferID(kernels - 1)]
    return program
  }

  @Test func liveBuffersNeverOverlap() {
    var random = Random(5)
    for _ in 0..<300 {
      let program = program(&random, kernels: 2 + random.below(30))
      let plan = MemoryPlan(program, external: [])
      #expect(plan.arenaBytes >= plan.lowerBound)
      for a in program.buffers.indices {
        #expect(plan.offsets[a] % 64 == 0)
        #expect(plan.offsets[a] + program.buffers[a].byteCount <= plan.arenaBytes)
        for b in 0..<a where plan.owner[a] != plan.owner[b] {
          let together = plan.first[a] <= plan.last[b] && plan.first[b] <= plan.last[a]
          let apart =
            plan.offsets[a] + program.buffers[a].byteCount <= plan.offsets[b]
            || plan.offsets[b] + program.buffers[b].byteCount <= plan.offsets[a]
          #expect(!together || apart, "buffers \(a) and \(b)")
        }
      }
    }
  }

  /// The best of all orders of placing, each at the lowest place: one of them is optimal.
  private func optimum(_ blocks: [(bytes: Int, first: Int, last: Int)]) -> Int {
    var best = Int.max
    var placed: [(low: Int, high: Int, first: Int, last: Int)] = []
    func search(_ left: [Int], _ top: Int) {
      if top >= best { return }
      if left.isEmpty {
        best = top
        return
      }
      for (position, index) in left.enumerated() {
        let block = blocks[index]
        var low = 0
        for other in placed.sorted(by: { $0.low < $1.low })
        where other.first <= block.last && block.first <= other.last && other.low < low + block.bytes {
          low = max(low, other.high)
        }
        placed.append((low, low + block.bytes, block.first, block.last))
        var rest = left
        rest.remove(at: position)
        search(rest, max(top, low + block.bytes))
        placed.removeLast()
      }
    }
    search(Array(blocks.indices), 0)
    return best
  }

  @Test func smallProgramsAreNearTheOptimum() {
    var random = Random(9)
    var worst = 1.0
    for _ in 0..<120 {
      let program = program(&random, kernels: 3 + random.below(5))
      let plan = MemoryPlan(program, external: [])
      let best = optimum(
        program.buffers.indices.map { (roundedTo64(program.buffers[$0].byteCount), plan.first[$0], plan.last[$0]) })
      #expect(best >= plan.lowerBound)
      worst = max(worst, Double(plan.arenaBytes) / Double(best))
    }
    #expect(worst <= 1.1, "worst \(worst)")
  }

  @Test func elementWiseChainsShareOneBuffer() throws {
    var options = CompileOptions()
    options.fuse = false
    let graph = try Models.rowFunction("chain", [100]) { b, x in
      try b.sin(b.cos(b.tanh(b.exp(x))))
    }
    let plan = try Compiler.compile(graph, options: options).plan
    try plan.verify()
    #expect(plan.arenaBytes == 448)
    #expect(plan.memory.joins.count == 3)
  }

  /// Name, graph, parameters replaced in place, parameters copied.
  private func donations() throws -> [(String, Graph, [String], [String])] {
    func two(_ build: (GraphBuilder, ValueID, ValueID) throws -> Void) throws -> Graph {
      try graph { b in
        let p = try Models.input(b, "p", [40], .parameter)
        let q = try Models.input(b, "q", [40], .parameter)
        try build(b, p.value, q.value)
      }
    }
    return [
      ("plain", try two { b, p, _ in try b.update("p", b.sin(p)) }, ["p"], []),
      (
        "swap",
        try two { b, p, q in
          try b.update("p", q)
          try b.update("q", p)
        }, [], ["p", "q"]
      ),
      (
        "one value twice",
        try two { b, p, _ in
          let new = try b.sin(p)
          try b.update("p", new)
          try b.update("q", new)
        }, ["p", "q"], []
      ),
      ("reversed", try two { b, p, _ in try b.update("p", b.reverse(p, axes: [0])) }, [], ["p"]),
      (
        "old value as output",
        try two { b, p, _ in
          try b.update("p", b.sin(p))
          try b.output("old", p)
        }, [], ["p"]
      ),
      (
        "new value as output",
        try two { b, p, _ in
          let new = try b.sin(p)
          try b.update("p", new)
          try b.output("new", new)
        }, ["p"], []
      ),
      ("unchanged", try two { b, p, _ in try b.update("p", p) }, ["p"], []),
    ]
  }

  @Test func donation() throws {
    for (name, graph, inPlace, copied) in try donations() {
      let plan = try Compiler.compile(graph).plan
      try plan.verify()
      #expect(plan.memory.inPlaceUpdates.sorted() == inPlace, "\(name)")
      #expect(plan.memory.copies.map(\.name).sorted() == copied, "\(name)")
      #expect(plan.memory.copies.allSatisfy { !$0.reason.isEmpty })
      var random = Random(1)
      let inputs = ["p": try random.tensor("f32[40]"), "q": try random.tensor("f32[40]")]
      let expected = try Harness.reference(graph, inputs, steps: 3)
      let actual = try Harness.vm(plan, inputs, threads: 2, steps: 3, poison: 0xFF)
      for (key, tensor) in expected {
        let result = try #require(actual[key])
        #expect(Tolerance(relative: 1e-5, absolute: 1e-6).difference(result, tensor) == nil, "\(name), \(key)")
      }
    }
  }

  /// All wide values are declared before any is used: held at once in that order, but one after the other depth first.
  @Test func theUnfusedPeakIsThatOfDepthFirst() throws {
    let graph = try graph { b in
      let x = try b.input("x", "f32[1000]")
      let wide = try (0..<8).map { try b.tanh(b.multiply(x, b.constant(Double($0 + 2), .f32))) }
      let sums = try wide.map { try b.sum($0, axes: [0]) }
      try b.output("y", sums.dropFirst().reduce(sums[0]) { try b.add($0, $1) })
    }
    let compilation = try Compiler.compile(graph)
    let (schedule, kernels) = (Schedule(compilation.lowered), compilation.lowered.kernels)
    #expect(schedule.depthFirst().sorted() == Array(kernels.indices))
    #expect(schedule.cost(Array(kernels.indices), inPlace: false).peak > 8 * 4032)
    #expect(compilation.plan.memory.unfusedPeak < 3 * 4032)
    #expect(compilation.plan.memory.unfusedPeak == schedule.cost(schedule.depthFirst(), inPlace: false).peak)
  }
}
