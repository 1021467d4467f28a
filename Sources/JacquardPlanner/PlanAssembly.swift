import JacquardCore
import JacquardIR
import JacquardKernels

/// Puts a scheduled program together into a plan: donation, in-place joins, offsets, barriers, report.
struct PlanAssembly {
  let graph: Graph
  let lowered: LoweredGraph
  var program: KernelProgram
  let programs: [Plan]
  let bindings: [String: Int]
  let options: MemoryOptions
  let heuristics: FusionHeuristics

  /// The plan, if its arena keeps to a limit; else what comes nearest.
  ///
  /// - Parameters:
  ///   - limited: The limit; if the arena exceeds it, kernels are moved.
  ///   - recomputes: Whether they may also run again.
  func plan(within limited: MemoryReport.Limited? = nil, recomputes: Bool = false) -> Plan {
    var program = program
    var donation = Donation(graph, lowered, program, isWanted: options.updatesInPlace)
    donation.addCommits(to: &program)
    let constants = lowered.constants.sorted { $0.key.index < $1.key.index }
    let external = Set(donation.storage.keys).union(constants.map(\.key))
    var chosen = arrangement(program, external, repeating: donation.storage)
    var limited = limited
    if let limit = limited?.limit, chosen.memory.arenaBytes > limit, options.sharesArena {
      var search = Rematerialisation(
        RepeatingSchedule(program, storage: donation.storage, external: external, options), external: external, options,
        recomputes: recomputes)
      if let found = search.fitting(limit), found.memory.arenaBytes < chosen.memory.arenaBytes {
        // Repeats are numbered.
        chosen = arrangement(found.program, external)
        limited?.repeated = found.repeated
      }
    }
    program = chosen.program
    let memory = chosen.memory
    var storage = [Plan.Storage](repeating: .unused, count: program.buffers.count)
    for index in storage.indices where memory.first[index] >= 0 { storage[index] = .arena(memory.offsets[index]) }
    for (position, constant) in constants.enumerated() { storage[constant.key.index] = .constant(position) }
    for (buffer, input) in donation.storage { storage[buffer.index] = .input(input) }
    for (buffer, place) in chosen.slices { storage[buffer.index] = place }
    name(&program)
    let barriers = options.omitsBarriers ? Barriers.needed(program, storage) : Barriers.everywhere(program)
    var report = report(program, memory, storage, donation)
    report.limited = limited
    if !chosen.repeats.isEmpty { report.repeats = chosen.repeats }
    return Plan(
      name: graph.name, program: program, storage: storage,
      barriers: Barriers.protectingInputs(barriers, program, storage),
      costs: program.kernels.map { CostModel.nanoseconds($0) }, inputs: planInputs(),
      outputs: zip(graph.outputs, lowered.outputs).map { output, buffer in
        Plan.PlanOutput(name: output.name, type: graph.type(output.value), buffer: buffer)
      },
      constants: constants.map { PlanConstant($0.value) }, programs: programs, nodes: planNodes(program),
      arenaBytes: memory.arenaBytes, memory: report,
      bindings: bindings.sorted { $0.key < $1.key }.map { Plan.Binding(symbol: $0.key, size: $0.value) })
  }

  private func planInputs() -> [Plan.PlanInput] {
    let updated = Set(graph.updates.map(\.input))
    return zip(graph.inputs, lowered.inputs).enumerated().map { index, pair in
      let (input, buffer) = pair
      return Plan.PlanInput(
        name: input.name, type: input.type, role: input.role, buffer: buffer, initializer: input.initializer,
        sample: input.sample, feed: input.feed, isUpdated: updated.contains(index))
    }
  }

  private func planNodes(_ program: KernelProgram) -> [Plan.PlanNode] {
    let used = Set(program.kernels.flatMap(\.nodes)).union(program.buffers.compactMap(\.node))
    return used.sorted().map { id in
      let node = graph.nodes[id.index]
      return Plan.PlanNode(
        id: id, operation: node.operationName, label: graph.describe(node), scope: node.scope,
        site: node.site?.description)
    }
  }

  /// Names kernels after their most telling operations, each name once.
  private func name(_ program: inout KernelProgram) {
    var used: [String: Int] = [:]
    for index in program.kernels.indices {
      var operations: [String] = []
      for id in program.kernels[index].nodes {
        let operation = graph.nodes[id.index].operationName
        if !operations.contains(operation) { operations.append(operation) }
      }
      let base = operations.isEmpty ? program.kernels[index].name : operations.prefix(4).joined(separator: "_")
      let count = used[base, default: 0] + 1
      used[base] = count
      program.kernels[index].name = count == 1 ? base : "\(base)_\(count)"
    }
  }

  private func report(
    _ program: KernelProgram, _ memory: MemoryPlan, _ storage: [Plan.Storage], _ donation: Donation
  ) -> MemoryReport {
    var report = MemoryReport()
    for (index, buffer) in program.buffers.enumerated() {
      guard case .arena(let offset) = storage[index] else { continue }
      report.naive += roundedTo64(buffer.byteCount)
      report.buffers.append(
        MemoryReport.Entry(
          buffer: BufferID(index), name: buffer.name,
          type: TensorType(buffer.dtype, Shape(buffer.extents)).description, bytes: roundedTo64(buffer.byteCount),
          offset: offset, first: memory.first[index], last: memory.last[index],
          site: buffer.node.flatMap { graph.nodes[$0.index].site?.description }))
    }
    report.buffers.sort { ($1.bytes, $0.buffer.index) < ($0.bytes, $1.buffer.index) }
    let updates = zip(graph.updates, lowered.updates).map { (old: lowered.inputs[$0.input], new: $1) }
    report.lowerBound = memory.lowerBound
    report.achieved = memory.arenaBytes
    let unfused = Schedule(lowered.program, updates: updates)
    report.unfusedPeak = unfused.cost(unfused.depthFirst(), inPlace: false).peak
    report.joins = memory.joins
    report.copies = donation.copies
    report.inPlaceUpdates = donation.inPlace
    return report
  }
}

/// Decides which updates write straight into the memory of the parameter or state that they replace.
struct Donation {
  /// Buffers that live in the memory of an input: the inputs themselves, and what replaces them in place.
  private(set) var storage: [BufferID: Int] = [:]
  private(set) var inPlace: [String] = []
  private(set) var copies: [MemoryReport.Copy] = []
  /// Updates to be copied when the old value is not needed any more: from, to the memory of input.
  private var commits: [(buffer: BufferID, input: Int)] = []
  private let inputs: [BufferID]
  /// Whether each kernel may end the step with an error.
  private let canFail: [Bool]
  /// Positions of the kernels that write a buffer, and read it last.
  private var writer: [BufferID: Int] = [:]
  private var lastRead: [BufferID: Int] = [:]

  /// - Parameter isWanted: else every update is a copy.
  init(_ graph: Graph, _ lowered: LoweredGraph, _ program: KernelProgram, isWanted: Bool) {
    inputs = lowered.inputs
    for (index, buffer) in lowered.inputs.enumerated() { storage[buffer] = index }
    let rule = InPlace(program: program)
    canFail = program.kernels.map(\.canFail)
    for (position, kernel) in program.kernels.enumerated() {
      for buffer in kernel.writes { writer[buffer] = position }
      for buffer in kernel.reads { lastRead[buffer] = position }
    }
    for (update, buffer) in zip(graph.updates, lowered.updates) {
      let name = graph.inputs[update.input].name
      let old = lowered.inputs[update.input]
      if let reason = isWanted ? refusal(old, buffer, rule) : "in-place updates are left out" {
        copies.append(MemoryReport.Copy(name: name, reason: reason))
        commits.append((buffer, update.input))
      } else {
        inPlace.append(name)
        for value in [buffer] + stages(from: old, to: buffer, rule) { storage[value] = update.input }
      }
    }
  }

  private func refusal(_ old: BufferID, _ new: BufferID, _ rule: InPlace) -> String? {
    let program = rule.program
    guard let position = writer[new] else { return program[new].count == 0 ? nil : "it is not computed by a kernel" }
    if canFail[position] { return "an index or a matrix is checked while the new value is written" }
    guard let read = lastRead[old] else { return nil }
    if read > position { return "the old value is read after the new one is written" }
    if read == position && !rule.canOverwrite(program.kernels[position], new, over: old) {
      return "the old value is read at other elements while the new one is written"
    }
    return nil
  }

  /// What is written on the way from the old value to the new one, each over the one before, if the first of them is written over
  /// the old value: the rows that several lookups add their gradients to, one after the other. Empty if there is nothing of that kind.
  private func stages(from old: BufferID, to new: BufferID, _ rule: InPlace) -> [BufferID] {
    let program = rule.program
    var (result, current) = ([BufferID](), new)
    while let position = writer[current] {
      let kernel = program.kernels[position]
      if kernel.reads.contains(old) {
        let isFree = lastRead[old] == position && !canFail[position...].contains(true)
        return isFree && rule.canOverwrite(kernel, current, over: old) ? result : []
      }
      let next = kernel.reads.first { operand in
        writer[operand] != nil && storage[operand] == nil && lastRead[operand] == position
          && !program.results.contains(operand) && rule.canOverwrite(kernel, current, over: operand)
      }
      guard let next else { return [] }
      result.append(next)
      current = next
    }
    return []
  }

  /// Adds the copies, each as soon as the old value is not read any more and no check can fail.
  mutating func addCommits(to program: inout KernelProgram) {
    if commits.isEmpty { return }
    let checks = canFail.lastIndex(of: true) ?? -1
    var added: [(after: Int, kernel: Kernel)] = []
    for (buffer, input) in commits where program[buffer].count > 0 {
      let old = inputs[input]
      let uses = max(writer[buffer] ?? -1, lastRead[old] ?? -1)
      let copy = program.addCopy(of: buffer)
      storage[copy] = input
      program.results = program.results.map { $0 == buffer ? copy : $0 }
      added.append((max(uses, checks), program.kernels.removeLast()))
    }
    let positions = added.enumerated().sorted { ($0.element.after, $0.offset) > ($1.element.after, $1.offset) }
    for (_, copy) in positions { program.kernels.insert(copy.kernel, at: copy.after + 1) }
  }
}
