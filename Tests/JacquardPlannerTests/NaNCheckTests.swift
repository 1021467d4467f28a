import JacquardCore
import JacquardIR
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// Looking for NaN changes nothing and finds none where there is none, whatever lies in memory before.
@Suite struct NaNCheckTests {
  @Test("A model runs as without the check", arguments: CompilerPartTests.cases)
  func modelsRun(_ model: CompilerPartTests.Case) throws {
    let graph = try CompilerPartTests.graph(model.name).binding(model.bindings)
    let inputs = try CompilerPartTests.inputs(of: graph, nodes: model.bindings["N"] ?? 1)
    let compilation = try Compiler.compile(graph)
    let expected = try Harness.vm(compilation.plan, inputs, threads: 2)
    for check in [NaNCheck(compilation), NaNCheck(compilation.plan)] {
      let runner = try PlanRunner(plan: compilation.plan, threads: 2)
      runner.nanCheck = check
      let updated = compilation.plan.inputs.filter(\.isUpdated).map(\.name)
      let found = try Harness.run(runner, updated: updated, inputs, 1) { runner.poison(0xFF) }
      if let difference = firstDifference(found, expected) { Issue.record("\(difference)") }
    }
  }

  /// What lies in the arena before a step is no fault: the outcome is the same if it is all NaN.
  @Test("Random graphs have the same outcome whatever lies in memory", arguments: [0, 100, 200])
  func randomGraphs(_ first: Int) throws {
    for seed in first..<first + 100 {
      let random = try RandomGraph(seed: seed, size: 4 + seed % 17)
      let compilation = try Compiler.compile(random.graph)
      let outcomes = try [UInt8(0), 0xFF].map { try Self.outcome(compilation, random, $0) }
      #expect(outcomes[0] == outcomes[1], "seed \(seed)")
    }
  }

  private enum Outcome: Equatable {
    case fault(String)
    case results(Results)
  }

  private static func outcome(_ compilation: Compilation, _ random: RandomGraph, _ filler: UInt8) throws -> Outcome {
    let runner = try PlanRunner(plan: compilation.plan)
    runner.nanCheck = NaNCheck(compilation)
    let updated = compilation.plan.inputs.filter(\.isUpdated).map(\.name)
    do {
      return .results(try Harness.run(runner, updated: updated, random.inputs, 1) { runner.poison(filler) })
    } catch let error as Diagnostic {
      return .fault(error.description)
    }
  }
}
