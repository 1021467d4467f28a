import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

@testable import JacquardPlanner

/// Plans made to fit.
enum MemoryLimits {
  /// A share of the arena, not always the same.
  static func limit(_ plan: Plan) -> Int {
    let percent = [90, 75, 60, 45]
    return max(64, plan.arenaBytes * percent[plan.arenaBytes / 64 % percent.count] / 100)
  }

  /// nil if it is refused for want of memory.
  static func plan(_ graph: Graph, within limit: Int) throws -> Plan? {
    var options = CompileOptions()
    options.memoryLimit = limit
    do {
      return try Compiler.compile(graph, options: options).plan
    } catch let error as Diagnostic where error.message.contains("the limit is \(limit)") {
      return nil
    }
  }
}

@Suite struct MemoryLimitTests {
  /// A graph and a share of its arena in which it fits.
  struct Case: Sendable, CustomStringConvertible {
    var name: String
    var percent: Int
    var bindings: [String: Int] = [:]
    /// Whether another order is not enough.
    var repeats = true
    var description: String { name }

    func graph() throws -> Graph {
      switch name {
      case "deep": try MemoryLimitTests.deepStep(layers: 32, width: 64, batch: 512)
      case "dropout": try MemoryLimitTests.deepStep(layers: 12, width: 48, batch: 256, rate: 0.3)
      default: try CompilerPartTests.graph(name).binding(bindings)
      }
    }
  }

  /// Layers of one width, with tanh, dropout if a rate is given, and one step of Adam.
  static func deepStep(layers: Int, width: Int, batch: Int, rate: Double? = nil) throws -> Graph {
    try JacquardPlannerTests.graph("deep") { b in
      var x = try b.input("x", TensorType(.f32, Shape([batch, width])))
      let y = try b.input("y", TensorType(.i32, Shape([batch])))
      let key = try Models.input(b, "rng/key", [2], .state, .i32)
      var weights: [Models.Slot] = []
      for layer in 0..<layers {
        let weight = try Models.input(b, "w\(layer)", [width, width], .parameter)
        weights.append(weight)
        x = try b.tanh(b.matmul(x, weight.value))
        guard let rate else { continue }
        x = try b.dropout(x, key: b.foldKey(key.value, layer), rate: rate)
      }
      let loss = try b.crossEntropy(logits: x, labels: y)
      try Models.adam(b, weights, b.gradients(of: loss, withRespectTo: weights.map(\.value)))
      try b.update("rng/key", b.foldKey(key.value, layers))
      try b.output("loss", loss)
    }
  }

  static let cases = [
    Case(name: "deep", percent: 45), Case(name: "dropout", percent: 60),
    Case(name: "transformer.train", percent: 65, bindings: ["N": 2]),
    Case(name: "unet_ddpm.train", percent: 65, bindings: ["N": 2]),
    Case(name: "resnet.train", percent: 70, bindings: ["N": 4]),
    Case(name: "vae.train", percent: 80, bindings: ["N": 32], repeats: false),
  ]

  @Test("Plans fit, and give the same bytes on every executor", arguments: cases)
  func sameBytes(_ tried: Case) throws {
    let graph = try tried.graph()
    let whole = try Compiler.compile(graph).plan
    let limit = whole.arenaBytes * tried.percent / 100
    let limited = try #require(try MemoryLimits.plan(graph, within: limit))
    try limited.verify()
    let record = try #require(limited.memory.limited)
    #expect(limited.arenaBytes <= limit && record.limit == limit && record.unlimited == whole.arenaBytes)
    #expect(record.repeated.isEmpty != tried.repeats && (limited.repeatedCost > 0) == tried.repeats)
    for (index, kernel) in limited.program.kernels.enumerated() where kernel.canFail {
      #expect(limited.keepsInputs(failingIn: index), "kernel \(index) '\(kernel.name)'")
    }
    let inputs = try CompilerPartTests.inputs(of: graph, nodes: 1)
    let expected = try Harness.vm(whole, inputs, threads: 2)
    for threads in [1, 3] {
      let actual = try Harness.vm(limited, inputs, threads: threads, poisonsFreed: threads == 1)
      if let difference = firstDifference(actual, expected) { Issue.record("\(threads) threads: \(difference)") }
    }
    var batch = NativeBatch()
    batch.add(tried.name, limited, inputs)
    let outcome = try batch.outcome(threads: [2])
    #expect(outcome.differences.isEmpty && outcome.emitted > 0, "\(outcome.text)")
  }

  /// The sizes at which the graphs are meant to be trained.
  @Test(arguments: [("transformer.train", 65), ("unet_ddpm.train", 65)])
  func wholeModelsFit(_ name: String, _ percent: Int) throws {
    let graph = try CompilerPartTests.graph(name)
    let arena = try Compiler.compile(graph).plan.arenaBytes
    let plan = try #require(try MemoryLimits.plan(graph, within: arena * percent / 100))
    try plan.verify()
    #expect(plan.arenaBytes <= arena * percent / 100)
    // Recomputing everything once would cost about a third of a step.
    #expect(Double(plan.repeatedCost) < 0.4 * Double(plan.costs.reduce(0, +)))
  }

  /// Chains come down to about the square root of their length.
  @Test func deepChainsAreComputedInSegments() throws {
    let graph = try Self.deepStep(layers: 32, width: 64, batch: 512)
    let plan = try #require(try MemoryLimits.plan(graph, within: 18 * 4 * 64 * 512))
    let layers = plan.program.kernels.count { kernel in
      if case .contraction(let product) = kernel.kind { product.m == 512 && product.epilogue.count > 1 } else { false }
    }
    // Forward products, of which most run twice; none runs many times.
    #expect(layers > 32 && layers < 3 * 64, "\(layers)")
  }

  @Test func aLimitAboveTheArenaChangesNothing() throws {
    for graph in [try Models.mlpStep(batch: 8), try Self.deepStep(layers: 3, width: 16, batch: 16, rate: 0.5)] {
      let plan = try Compiler.compile(graph).plan
      #expect(try MemoryLimits.plan(graph, within: plan.arenaBytes) == plan)
      #expect(try MemoryLimits.plan(graph, within: plan.arenaBytes + 1) == plan && plan.memory.limited == nil)
    }
  }

  /// Draws are functions of a key and a position: those computed again are the same kernels with the same keys.
  @Test func drawsAreRepeated() throws {
    let graph = try Case(name: "dropout", percent: 60).graph()
    let arena = try Compiler.compile(graph).plan.arenaBytes
    let plan = try #require(try MemoryLimits.plan(graph, within: arena * 60 / 100))
    let repeated = plan.memory.limited?.repeated.map { plan.program.kernels[$0.kernel] } ?? []
    let draws = repeated.flatMap(\.bodies).joined().contains { if case .random = $0.operation { true } else { false } }
    #expect(draws)
  }

  /// Nothing that replaces a parameter or state runs twice.
  @Test(arguments: cases) func updatesRunOnce(_ tried: Case) throws {
    let graph = try tried.graph()
    let arena = try Compiler.compile(graph).plan.arenaBytes
    let plan = try #require(try MemoryLimits.plan(graph, within: arena * tried.percent / 100))
    var writers = [Int](repeating: 0, count: plan.inputs.count)
    for kernel in plan.program.kernels {
      for buffer in kernel.writes { if case .input(let input) = plan.storage[buffer.index] { writers[input] += 1 } }
    }
    #expect(writers == plan.inputs.map { $0.isUpdated ? 1 : 0 })
    for run in plan.memory.limited?.repeated ?? [] { #expect(!plan.program.kernels[run.kernel].canFail) }
  }

  @Test func impossibleLimitsAreRefused() throws {
    for graph in [try Models.mlpStep(batch: 8), try Self.deepStep(layers: 6, width: 32, batch: 64)] {
      var options = CompileOptions()
      options.memoryLimit = 1000
      let error = #expect(throws: Diagnostic.self) { try Compiler.compile(graph, options: options) }
      let text = error?.description ?? ""
      for word in ["the limit is 1000", "smallest arena found", "Alive in kernel", "f32["] {
        #expect(text.contains(word), "\(text)")
      }
      let smallest = try #require(text.split(separator: " ").compactMap { Int($0) }.first)
      let arena = try Compiler.compile(graph).plan.arenaBytes
      #expect(smallest > 1000 && smallest < arena)
    }
  }

  /// The limit does something for a good part of random graphs too, whose results `RandomGraphTests` compares.
  @Test func randomGraphsAreMadeToFit() throws {
    var fitting = 0
    for seed in 0..<150 {
      let graph = try RandomGraph(seed: seed, size: 6 + seed % 13).graph
      let plan = try Compiler.compile(graph).plan
      guard let limited = try MemoryLimits.plan(graph, within: MemoryLimits.limit(plan)) else { continue }
      #expect(limited.arenaBytes <= MemoryLimits.limit(plan), "seed \(seed)")
      fitting += 1
    }
    #expect(fitting >= 15, "\(fitting) fit")
  }
}

extension Kernel {
  /// The bodies of its loops.
  fileprivate var bodies: [[Instruction]] {
    switch kind {
    case .loops(let nests): nests.flatMap { $0.stages.map(\.body) }
    case .contraction(let product): product.nest.stages.map(\.body)
    case .scatter(let scatter): [scatter.body]
    case .library, .control: []
    }
  }
}
