import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

@Suite(.serialized) struct StepRecorderTests {
  private func runner(_ graph: Graph, threads: Int, _ executor: ExecutorKind) throws -> PlanRunner {
    let runner = try PlanRunner(plan: Compiler.compile(graph).plan, threads: threads, executor: executor)
    for input in runner.plan.inputs { try runner.bind(input.name, TensorStorage(zeros: input.type)) }
    return runner
  }

  /// The events of a thread in the plan itself follow each other and fill the step; the others lie within one of them.
  @Test(arguments: [1, 2, 3], [ExecutorKind.vm, .native]) func eventsFillTheStep(
    _ threads: Int, _ executor: ExecutorKind
  ) throws {
    for graph in [try Models.mlpStep(batch: 32), try ControlTests.model(steps: 7, width: 96, batch: 64)] {
      let runner = try runner(graph, threads: threads, executor)
      runner.isProfiling = true
      for _ in 0..<3 { try runner.run() }
      let recorded = runner.profile
      #expect(recorded.lost == 0 && runner.threadsUsed == threads)
      var ends: Set<Int> = []
      for thread in 0..<threads {
        let own = recorded.events.filter { $0.thread == thread }
        if let problem = problem(own, runner.plan, threads) {
          Issue.record("\(graph.name), thread \(thread): \(problem)")
        }
        ends.insert(own.last?.end ?? 0)
      }
      let longest = ends.max() ?? 0
      #expect(ends.allSatisfy { $0 > 0 && longest - $0 < 1_000_000 }, "\(ends)")
    }
  }

  /// What is wrong with the events of one thread.
  private func problem(_ events: [StepEvents.Event], _ plan: Plan, _ threads: Int) -> String? {
    let outermost = events.filter { $0.program == 0 && $0.kernel != nil }
    let kernels = plan.program.kernels.count
    var end = 0
    for event in outermost {
      if event.start < end || event.end < event.start { return "\(event) overlaps what ends at \(end)" }
      end = event.end
    }
    let kinds: [(StepEvents.Event.Kind, Int)] = [
      (.kernel, kernels), (.barrier, threads == 1 ? 0 : plan.barriers.count { $0 }), (.begin, 1), (.end, 1),
    ]
    for (kind, count) in kinds where outermost.count(where: { $0.kind == kind }) != count {
      return "not \(count) events \(kind) in the plan itself"
    }
    if outermost.first?.kind != .begin || outermost.last?.kind != .end {
      return "begin or end is not where it should be"
    }
    if outermost.filter({ $0.kind == .kernel }).map(\.outermost) != Array(0..<kernels) { return "kernels out of order" }
    let around = outermost.filter { $0.kind == .kernel }
    let inner = events.filter { $0.program > 0 || $0.kernel == nil }
    for event in inner where !(around[event.outermost].start <= event.start && event.end <= around[event.outermost].end)
    {
      return "\(event) lies outside its kernel"
    }
    let isLoop = !plan.programs.isEmpty
    return isLoop && inner.filter({ $0.kind == .kernel }).count < 7 ? "trips are missing" : nil
  }

  @Test func nothingIsRecordedUnlessWanted() throws {
    let runner = try runner(Models.mlpStep(batch: 8, widths: [16, 8, 4]), threads: 2, .vm)
    try runner.run()
    #expect(runner.profile.events.isEmpty)
    runner.isProfiling = true
    try runner.run()
    #expect(!runner.profile.events.isEmpty)
    runner.isProfiling = false
    try runner.run()
    #expect(runner.profile.events.isEmpty)
  }

  /// Of a loop with more trips than there are places the plan's own kernels are still there, and what is missing is counted.
  @Test func manyTripsLeaveTheOutermostKernels() throws {
    let runner = try runner(ControlTests.model(steps: 20_000, width: 4), threads: 1, .vm)
    runner.isProfiling = true
    try runner.run()
    let recorded = runner.profile
    #expect(recorded.lost > 0)
    let kernels = recorded.events.filter { $0.program == 0 && $0.kind == .kernel }
    #expect(kernels.count == runner.plan.program.kernels.count && recorded.events.last?.kind == .end)
  }

  @Test(arguments: [1, 2]) func limitsAreNumbers(_ threads: Int) throws {
    let limits = try MachineLimits.measured(threads: threads, bytes: 1 << 22)
    #expect(limits.gigaflops > 0.5 && limits.gigaflops < 1e6 && limits.gigabytes > 0.1 && limits.gigabytes < 1e5)
    let given = MachineLimits(gigaflops: 100, gigabytes: 10)
    #expect(given.nanoseconds(operations: 1000, bytes: 50) == 10 && given.nanoseconds(operations: 10, bytes: 50) == 5)
  }
}
