import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardPlanner

extension Bisection {
  /// Runs a plan kernel by kernel until one writes something else than the reference makes of what it read.
  ///
  /// - Parameters:
  ///   - compilation: of this graph.
  ///   - executor: `vm` or `native`.
  ///   - threads: as for `PlanRunner`.
  ///   - report: called after each kernel.
  /// - Returns: the kernels that were judged: only the last may be wrong.
  /// - Throws: `Diagnostic` if an input is missing, memory is short, or a kernel stops the step.
  public func kernels(
    of compilation: Compilation, executor: ExecutorKind = .vm, threads: Int? = nil,
    report: (Step) -> Void = { _ in }
  ) throws -> [Step] {
    let compilation = compilation.withoutSections()
    let plan = compilation.plan
    let runner = try PlanRunner(plan: plan, threads: threads, executor: executor)
    for input in plan.inputs {
      guard let tensor = inputs[input.name] else { throw Diagnostic("input '\(input.name)' is missing") }
      try runner.bind(input.name, try TensorStorage(tensor))
    }
    var judge = KernelJudge(compilation, inputs, agreement)
    var steps: [Step] = []
    try runner.run { kernel in
      steps.append(Step(plan.program.kernels[kernel].name, kernel))
      steps[kernel].overwritten = try judge.overwritten(before: kernel, runner)
    } after: { kernel in
      try judge.judge(kernel, runner, &steps[kernel])
      report(steps[kernel])
      return !steps[kernel].isWrong
    }
    return steps
  }
}

/// Judges what kernels write by the reference values of the nodes that they compute, from what kernels before them wrote.
private struct KernelJudge {
  private let plan: Plan
  private let graph: Graph
  private let agreement: Agreement
  /// For each buffer the value of the graph that it holds, as it holds it.
  private var values: [ValueID?]
  /// The last kernel that writes each buffer: only then is it whole.
  private var lastWriters: [BufferID: Int] = [:]
  /// Inputs, and what was written and judged.
  private var known: [HostTensor?]
  /// The same by buffer.
  private var written: [BufferID: HostTensor] = [:]
  /// Kernels that wrote buffers without a value of their own, partial sums and the like.
  private var unjudged: [BufferID: [Int]] = [:]

  init(_ compilation: Compilation, _ inputs: [String: HostTensor], _ agreement: Agreement) {
    (plan, graph, self.agreement) = (compilation.plan, compilation.graph, agreement)
    known = Array(repeating: nil, count: graph.valueCount)
    for (input, value) in zip(graph.inputs, graph.inputValues) { known[value.index] = inputs[input.name] }
    values = KernelJudge.values(compilation)
    for (index, kernel) in plan.program.kernels.enumerated() {
      for buffer in kernel.writes { lastWriters[buffer] = index }
    }
  }

  /// Of each buffer the value that it holds element by element, if it holds one: a result that is wanted twice, or replaces an input
  /// whose old value is still needed, lies in copies too.
  private static func values(_ compilation: Compilation) -> [ValueID?] {
    let (plan, graph) = (compilation.plan, compilation.graph)
    var values = [ValueID?](repeating: nil, count: plan.program.buffers.count)
    for (index, buffer) in compilation.buffers.enumerated() {
      if let buffer { values[buffer.index] = ValueID(index) }
    }
    for (output, planned) in zip(graph.outputs, plan.outputs) { values[planned.buffer.index] = output.value }
    for (buffer, storage) in plan.storage.enumerated() where values[buffer] == nil {
      if case .input(let input) = storage { values[buffer] = graph.updates.first { $0.input == input }?.value }
    }
    return zip(values, plan.program.buffers).map { value, buffer in
      value.flatMap { value in
        let type = graph.type(value)
        let fits = type.dtype == buffer.dtype && type.shape.sizes == buffer.extents
        return fits && buffer.layout == .rowMajor(buffer.extents) ? value : nil
      }
    }
  }

  /// What the kernel is about to read and that does not hold any more what was written there.
  func overwritten(before kernel: Int, _ runner: PlanRunner) throws -> [String] {
    try plan.program.kernels[kernel].reads.compactMap { buffer in
      guard let tensor = written[buffer], try runner.contents(buffer) != tensor else { return nil }
      return plan.program[buffer].name
    }
  }

  /// Compares all that a kernel has completed.
  mutating func judge(_ number: Int, _ runner: PlanRunner, _ step: inout Bisection.Step) throws {
    let kernel = plan.program.kernels[number]
    let complete = kernel.writes.filter { values[$0.index] != nil && lastWriters[$0] == number }
    let wanted = complete.compactMap { values[$0.index] }
    let expected = try references(wanted)
    var noisy: [[ValueID: HostTensor]] = []
    var found: [ValueID: HostTensor] = [:]
    for buffer in complete {
      guard let value = values[buffer.index], let reference = expected[value] else { continue }
      let tensor = try runner.contents(buffer)
      let site = plan.program[buffer].node.flatMap { graph.nodes[$0.index].site }
      try step.judge(plan.program[buffer].name, tensor, reference, agreement, site: site) {
        if noisy.isEmpty { noisy = try (0..<RoundingNoise.trials).map { try references(wanted, trial: $0) } }
        return RoundingNoise(reference, noisy.compactMap { $0[value] })
      }
      (written[buffer], found[value]) = (tensor, tensor)
    }
    for (value, tensor) in found { known[value.index] = tensor }
    if step.isWrong {
      let others = kernel.reads.flatMap { unjudged[$0] ?? [] }
      step.suspects = Set(others).subtracting([number]).sorted().map { plan.program.kernels[$0].name }
    }
    for buffer in kernel.writes where !complete.contains(buffer) { unjudged[buffer, default: []].append(number) }
  }

  /// The values by the reference, from those that are known.
  ///
  /// - Parameter trial: a number if their last places are to change.
  private func references(_ wanted: [ValueID], trial: Int? = nil) throws -> [ValueID: HostTensor] {
    var nodes: Set<NodeID> = []
    var stack = wanted.compactMap { graph.producer($0)?.id }
    while let id = stack.popLast() {
      guard nodes.insert(id).inserted else { continue }
      for input in graph.nodes[id.index].inputs where known[input.index] == nil {
        if let producer = graph.producer(input) { stack.append(producer.id) }
      }
    }
    var found: [ValueID: HostTensor] = [:]
    for id in nodes.sorted() {
      let node = graph.nodes[id.index]
      let operands = node.inputs.compactMap { value in
        found[value]
          ?? known[value.index].map { known in
            trial.map { RoundingNoise.changing(known, trial: $0) } ?? known
          }
      }
      for (value, tensor) in zip(node.results, try graph.evaluate(node, operands)) { found[value] = tensor }
    }
    return found
  }
}
