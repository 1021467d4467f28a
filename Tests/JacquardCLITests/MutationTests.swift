import Foundation
import Jacquard
import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardOps
import JacquardPlanner
import JacquardRuntime
import Testing

@testable import JacquardCLI

/// Files changed at random go through reader, verifier and a run. Whatever happens, it is an error that says so.
@Suite("Mutations of graph and plan files")
struct MutationTests {
  /// A debug build does fewer, unless it is told how many.
  private static let count: Int = {
    #if DEBUG
      let usual = 1_000
    #else
      let usual = 10_000
    #endif
    return ProcessInfo.processInfo.environment["JACQUARD_MUTATIONS"].flatMap { Int($0) } ?? usual
  }()
  /// What a changed file may ask for before it is left alone: it is then right, only large.
  private static let largestBytes = 1 << 22
  private static let longestNanoseconds = 5_000_000

  /// A graph of every kind of kernel: product, reductions, gather, scatter, random draws, updates.
  static func source() throws -> Graph {
    try Graph("mutant", mode: .training, symbols: ["N": 3]) { g in
      let x = g.input("x", Float.self, ["N", 4])
      let y = g.input("y", Int32.self, ["N"], sample: SampleHint(.integers, low: 0, high: 3))
      let table = g.parameter("table", Float.self, [3, 4], Initializer(.normal, seed: 1, mean: 0, deviation: 1))
      let hidden = g.module(LayerNorm(4))(x + table.gathered(y))
      let loss = crossEntropy(logits: g.module(Linear(4, 3))(Dropout(0.25)(hidden)), labels: y)
      g.minimize(loss, with: Adam(learningRate: 0.01))
      g.output("loss", loss)
    }
  }

  @Test("Graph files", .timeLimit(.minutes(60)))
  func graphs() throws {
    let source = try MutationTests.source()
    let text = Array(try source.json().text.utf8)
    var tally = Tally()
    for seed in 0..<MutationTests.count {
      var mutator = Mutator(seed: seed)
      tally.add(seed) { try MutationTests.runGraph(mutator.mutated(text)) }
    }
    // Some changes leave the file right; most do not. Otherwise the test would test nothing.
    #expect(tally.ran * 100 > MutationTests.count && tally.refused * 10 > MutationTests.count, "\(tally)")
    #expect(tally.failures.isEmpty, "\(tally.failures.prefix(5))")
  }

  @Test("Plan files", .timeLimit(.minutes(60)))
  func plans() throws {
    let plan = try Compiler.compile(try MutationTests.source()).plan
    let text = try plan.json().utf8(.document)
    var tally = Tally()
    for seed in 0..<MutationTests.count {
      var mutator = Mutator(seed: seed &+ 1_000_000)
      tally.add(seed) { try MutationTests.runPlan(mutator.mutated(text)) }
    }
    #expect(tally.ran * 100 > MutationTests.count && tally.refused * 10 > MutationTests.count, "\(tally)")
    #expect(tally.failures.isEmpty, "\(tally.failures.prefix(5))")
  }

  // MARK: One mutation

  /// - Returns: whether it was run.
  private static func runGraph(_ text: [UInt8]) throws -> Bool {
    let graph = try Graph(json: text, file: "mutant.json", registry: .standard)
    try graph.verify()
    let program = try StaticProgram(.graph(graph), path: "mutant.json")
    guard case .graph(let bound) = program.content, try isSmall(program, StaticProgram.valueBytes(bound)) else {
      return false
    }
    let plan = try Compiler.compile(bound).plan
    try plan.verify()
    guard try isSmall(program, plan.arenaBytes), plan.costs.reduce(0, +) < longestNanoseconds else { return false }
    try step(program, try PlanRunner(plan: plan, threads: 2))
    try step(program, ReferenceRunner(graph: bound))
    return true
  }

  private static func runPlan(_ text: [UInt8]) throws -> Bool {
    let plan = try Plan(json: text, file: "mutant.plan.json")
    let program = try StaticProgram(.plan(plan), path: "mutant.plan.json")
    _ = plan.program.kernels.map { KernelText(plan: plan, kernel: $0).lines }
    guard try isSmall(program, plan.arenaBytes), work(plan) < 1e7 else { return false }
    try step(program, try PlanRunner(plan: plan, threads: 2))
    return true
  }

  private static func isSmall(_ program: StaticProgram, _ further: Int) throws -> Bool {
    let bytes = try program.inputs.reduce(further) { try Overflow.add($0, try $1.type.byteCount() ?? 0) }
    return bytes < largestBytes
  }

  /// Points of all loops: the costs in a plan file may be anything.
  private static func work(_ plan: Plan) -> Double {
    func points(_ extents: [Int]) -> Double { extents.reduce(1) { $0 * Double($1) } }
    return plan.program.kernels.reduce(0.0) { sum, kernel in
      switch kernel.kind {
      case .loops(let nests):
        return nests.reduce(sum) {
          $1.stages.reduce($0 + points($1.outer)) { [outer = $1.outer] in $0 + points(outer + $1.inner) }
        }
      case .contraction(let product): return sum + points(product.extents) * Double(product.k)
      case .scatter(let scatter): return sum + points(scatter.space)
      case .library(let call): return sum + points(Array(call.parameters.prefix(3)))
      case .control: return sum
      }
    }
  }

  private static func step(_ program: StaticProgram, _ runner: any StepRunner) throws {
    let bound = try BoundInputs(
      program, runner, given: try GivenInputs([]), parameters: nil, synthetic: true, seed: 0)
    try withExtendedLifetime(bound) {
      for _ in 0..<2 { try runner.run() }
      for name in runner.outputNames { _ = try runner.output(name) }
    }
  }
}

/// What became of the mutations.
private struct Tally: CustomStringConvertible {
  private(set) var ran = 0
  private(set) var refused = 0
  private(set) var large = 0
  private(set) var failures: [String] = []

  var description: String { "\(ran) ran, \(refused) were refused, \(large) were too large" }

  mutating func add(_ seed: Int, _ body: () throws -> Bool) {
    let start = ContinuousClock.now
    do {
      if try body() { ran += 1 } else { large += 1 }
    } catch let error as Diagnostic {
      refused += 1
      if error.kind == .internalError { failures.append("seed \(seed): a mistake of ours: \(error)") }
      if error.description.contains("\n") { failures.append("seed \(seed): more than a line") }
    } catch {
      failures.append("seed \(seed): \(error)")
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    if seconds > 10 { failures.append("seed \(seed): took \(seconds) s") }
  }
}
