import JacquardCore
import JacquardIR
import JacquardKernels

/// From kernels to a plan: fusion, schedule, memory, within a limit if there is one.
struct Planner {
  let graph: Graph
  let bindings: [String: Int]
  let options: CompileOptions

  struct Outcome {
    var plan: Plan
    var fusion: FusionRecord
    /// The kernels before fusion, which know their nested programs.
    var lowered: LoweredGraph
    var programs: [Compilation]
  }

  /// - Throws: `Diagnostic` if a nested program does not compile, or no plan within the memory limit is found: it names what is alive
  ///   where most is.
  func plan(_ lowered: LoweredGraph, _ clock: inout StepClock) throws -> Outcome {
    var nested = options
    nested.memoryLimit = nil
    // The workspace of a loop has no block memory.
    nested.memory.usesSections = false
    do {
      return try plan(lowered, nested, &clock)
    } catch let refusal as MemoryRefusal {
      // The arenas of nested programs lie in this one; they may do with less.
      let left = refusal.nested - (refusal.smallest - refusal.limit)
      nested.memoryLimit = left
      if refusal.nested > 0 && left > 0, let outcome = try? plan(lowered, nested, &clock) { return outcome }
      throw refusal.diagnostic
    }
  }

  /// - Parameter nested: for the nested programs.
  private func plan(
    _ lowered: LoweredGraph, _ nested: CompileOptions, _ clock: inout StepClock
  ) throws -> Outcome {
    var lowered = lowered
    let programs = try clock.measure("nested") {
      try lowered.programs.map { try Compiler.compile($0, options: nested) }
    }
    try lowered.program.attach(programs.map(\.plan))
    lowered.program.markRepeatedChecks()
    let part = FittingPlanner(
      graph: graph, bindings: bindings, options: options, lowered: lowered, programs: programs.map(\.plan))
    let (plan, fusion) = try part.plan(&clock)
    return Outcome(plan: plan, fusion: fusion, lowered: lowered, programs: programs)
  }
}

/// No plan within the memory limit was found.
struct MemoryRefusal: Error {
  var limit: Int
  /// Bytes of the smallest arena found, and of the largest arena of a nested program.
  var smallest: Int
  var nested: Int
  var diagnostic: Diagnostic
}

/// From kernels that know their nested programs to a plan.
private struct FittingPlanner {
  let graph: Graph
  let bindings: [String: Int]
  let options: CompileOptions
  let lowered: LoweredGraph
  let programs: [Plan]

  /// Inputs that the step updates, and what replaces them.
  private var updates: [(old: BufferID, new: BufferID)] {
    zip(graph.updates, lowered.updates).map { (old: lowered.inputs[$0.input], new: $1) }
  }

  /// - Throws: `MemoryRefusal`
  func plan(_ clock: inout StepClock) throws -> (Plan, FusionRecord) {
    let (scheduled, fusion) = program(options, &clock)
    let plan = clock.measure("memory") { assembly(scheduled).plan() }
    guard let limit = options.memoryLimit, plan.arenaBytes > limit else { return (plan, fusion) }
    let limited = MemoryReport.Limited(limit: limit, unlimited: plan.arenaBytes, repeated: [])
    return try fitting(limited, scheduled, fusion, &clock)
  }

  /// First another order, then what takes memory for speed is left out, then independent kernels run one by one and, where that is
  /// not enough, some of them again.
  private func fitting(
    _ limited: MemoryReport.Limited, _ scheduled: KernelProgram, _ fusion: FusionRecord, _ clock: inout StepClock
  ) throws -> (Plan, FusionRecord) {
    let plan = clock.measure("limit") { assembly(scheduled).plan(within: limited) }
    if plan.arenaBytes <= limited.limit { return (plan, fusion) }
    var apart = options
    apart.disabledFusions.insert(.padding)
    let (copied, copies) = program(apart, &clock)
    let unpadded = clock.measure("limit") { assembly(copied).plan(within: limited) }
    if unpadded.arenaBytes <= limited.limit { return (unpadded, copies) }
    apart.disabledFusions.insert(.groups)
    let (single, record) = program(apart, &clock)
    let smallest = clock.measure("limit") { assembly(single).plan(within: limited, recomputes: true) }
    if smallest.arenaBytes <= limited.limit { return (smallest, record) }
    let found = [plan, unpadded, smallest].min { $0.arenaBytes < $1.arenaBytes }
    throw refusal(found ?? smallest, limited.limit)
  }

  private func program(_ options: CompileOptions, _ clock: inout StepClock) -> (KernelProgram, FusionRecord) {
    let (fused, fusion) = clock.measure("fuse") { Fusion.run(lowered.program, updates: updates, options) }
    return clock.measure("schedule") {
      var program = fused
      let schedule = Schedule(fused, updates: updates)
      program.kernels = (options.reorders ? schedule.best() : schedule.givenOrder()).map { fused.kernels[$0] }
      return (program, fusion)
    }
  }

  private func assembly(_ program: KernelProgram) -> PlanAssembly {
    PlanAssembly(
      graph: graph, lowered: lowered, program: program, programs: programs, bindings: bindings, options: options.memory,
      heuristics: options.heuristics)
  }

  // MARK: Refusal

  private static let mostNamed = 4

  private func refusal(_ plan: Plan, _ limit: Int) -> MemoryRefusal {
    let (kernel, alive) = plan.memory.fullest(plan.program.kernels.count)
    let named = alive.prefix(FittingPlanner.mostNamed).map { "'\($0.name)' \($0.type) (\($0.bytes) bytes)" }
    let others = alive.count > named.count ? ["\(alive.count - named.count) more"] : []
    let name = plan.program.kernels.indices.contains(kernel) ? plan.program.kernels[kernel].name : ""
    let diagnostic = Diagnostic(
      "the plan needs \(plan.arenaBytes) bytes in the smallest arena found; the limit is \(limit). Alive in kernel "
        + "\(kernel) '\(name)': \((named + others).joined(separator: ", "))")
    return MemoryRefusal(
      limit: limit, smallest: plan.arenaBytes, nested: programs.map(\.arenaBytes).max() ?? 0, diagnostic: diagnostic)
  }
}

extension MemoryReport {
  /// The kernel in which most bytes are alive, and the buffers alive there, largest first.
  func fullest(_ kernels: Int) -> (kernel: Int, alive: [Entry]) {
    let alive = (0..<kernels).map { kernel in buffers.filter { $0.first <= kernel && kernel <= $0.last } }
    // Buffers in one place share it.
    func bytes(_ entries: [Entry]) -> Int {
      var places: [Int: Int] = [:]
      for entry in entries { places[entry.offset] = max(places[entry.offset] ?? 0, entry.bytes) }
      return places.values.reduce(0, +)
    }
    let totals = alive.map(bytes)
    let kernel = totals.indices.max { totals[$0] < totals[$1] } ?? 0
    return (kernel, kernels == 0 ? [] : alive[kernel])
  }
}
