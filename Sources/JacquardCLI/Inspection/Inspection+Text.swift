import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardPlanner
import JacquardTransforms

extension Inspection {
  /// The stages as text, each under a heading if there are several.
  func text(_ stages: [Stage]) throws -> String {
    try stages.map { stage in
      let lines = try lines(stage, isAlone: stages.count == 1)
      let body = lines.joined(separator: "\n")
      return stages.count == 1 ? body : "== \(stage.rawValue) ==\n\(body)\n"
    }.joined(separator: "\n")
  }

  private func lines(_ stage: Stage, isAlone: Bool) throws -> [String] {
    switch stage {
    case .graph: return try graph.map { [try $0.text().text.trimmingLineEnd] } ?? []
    case .optimized: return try optimized()
    case .kernels: return kernels()
    case .plan: return (isAlone ? passes(withRules: false) + [""] : []) + schedule()
    case .memory: return (plan.map { [$0.memoryReport] } ?? []) + savedValues()
    case .c: return try emitted()
    }
  }

  // MARK: Passes

  private func optimized() throws -> [String] {
    guard let compilation else { return [] }
    return passes(withRules: true) + ["", try compilation.graph.text().text.trimmingLineEnd]
  }

  /// The table of passes, and under each the rules that fired with the lines that state them.
  private func passes(withRules: Bool) -> [String] {
    guard let compilation else { return [] }
    let record = compilation.record
    var lines = record.passLines
    if withRules { lines += [""] + record.ruleLines }
    var times = TextTable([.left, .right])
    times.add("step", "ms")
    for time in compilation.times { times.add(time.step, NumberText.fixed(time.milliseconds, 2)) }
    return lines + [""] + times.lines()
  }

  // MARK: Kernels

  private func kernels() -> [String] {
    guard let plan else { return [] }
    let before = compilation.map { " (\($0.lowered.kernels.count) before fusion)" } ?? ""
    var lines = ["\(plan.program.kernels.count) kernels\(before)"]
    let sections = plan.sections
    for index in plan.program.kernels.indices {
      if let section = sections.first(where: { $0.kernels.lowerBound == index }) { lines += ["", text(section, plan)] }
      lines += kernel(index, plan)
    }
    if whyNotFused { lines += refusals() }
    return lines
  }

  /// `kernels 4 to 6 run together, block by block (64 blocks); never whole: %25, %38 (8388608 bytes)`
  private func text(_ section: Plan.SectionReport, _ plan: Plan) -> String {
    let kernels = "kernels \(section.kernels.lowerBound) to \(section.kernels.upperBound - 1)"
    let locals = section.locals.map { plan.program[$0].name }.joined(separator: ", ")
    let blocks = "block by block (\(section.blocks) blocks)"
    return "\(kernels) run together, \(blocks); never whole: \(locals) (\(section.bytes) bytes)"
  }

  private func kernel(_ index: Int, _ plan: Plan) -> [String] {
    let kernel = plan.program.kernels[index]
    let barrier = plan.barriers[index] ? ", after a barrier" : ""
    let time = measured.map { ", measured \(NumberText.nanoseconds($0.nanoseconds[index]))" } ?? ""
    let cost = NumberText.nanoseconds(plan.costs[index])
    var lines = ["", "kernel \(index) \(kernel.name)  \(cost) on one thread\(time)\(barrier)"]
    for (position, text) in origins(kernel.nodes, plan).enumerated() {
      lines.append((position == 0 ? "  from    " : "          ") + text)
    }
    if let run = plan.memory.repeats?.first(where: { $0.kernel == index }) {
      lines.append("  again   what kernel \(run.of) did, so that nobody stores it")
    }
    lines.append("  reads   " + buffers(kernel.reads, plan))
    lines.append("  writes  " + buffers(kernel.writes, plan))
    return lines + KernelText(plan: plan, kernel: kernel).lines.map { "    " + $0 }
  }

  /// The nodes by the user's lines: `Models/MLP.swift:12: dot %0, add %1`, at most so many in a row.
  private func origins(_ nodes: [NodeID], _ plan: Plan) -> [String] {
    var groups: [(site: String, nodes: [String])] = []
    for id in nodes {
      guard let node = plan.node(id) else { continue }
      let site = node.site ?? "no source line"
      if let index = groups.firstIndex(where: { $0.site == site }) {
        groups[index].nodes.append(node.title)
      } else {
        groups.append((site, [node.title]))
      }
    }
    return groups.flatMap { group in
      stride(from: 0, to: group.nodes.count, by: 8).map { start in
        let names = group.nodes[start..<min(start + 8, group.nodes.count)].joined(separator: ", ")
        return start == 0 ? "\(group.site): \(names)" : "  \(names)"
      }
    }
  }

  private func buffers(_ ids: [BufferID], _ plan: Plan) -> String {
    ids.map { id in
      let buffer = plan.program[id]
      return "\(buffer.name) \(TensorType(buffer.dtype, Shape(buffer.extents)))"
    }.joined(separator: ", ")
  }

  /// Pairs that stayed apart, each reason once.
  private func refusals() -> [String] {
    guard let refusals = compilation?.fusion.distinctRefusals else { return [] }
    var lines = ["", "not fused"]
    for refusal in refusals {
      lines.append("  \(list(refusal.producer))  with  \(list(refusal.consumer))")
      lines.append("    because \(refusal.reason.rawValue)")
    }
    if lines.count == 2 { lines.append("  nothing was refused") }
    return lines
  }

  private func list(_ nodes: [NodeID]) -> String {
    let shown = nodes.prefix(3).map(describe).joined(separator: " + ")
    return nodes.count > 3 ? "\(shown) + \(nodes.count - 3) more" : shown
  }

  // MARK: Plan

  private func schedule() -> [String] {
    guard let plan else { return [] }
    var lines = ["plan \(plan.name)"]
    let sizes = plan.bindings.map { "\($0.symbol) = \($0.size)" }
    if !sizes.isEmpty { lines.append("bound to \(sizes.joined(separator: ", "))") }
    var table = TextTable([.right, .left, .right, .left, .left])
    table.add("#", "kernel", "cost", "barrier", "writes")
    for (index, kernel) in plan.program.kernels.enumerated() {
      table.add(
        "\(index)", kernel.name, NumberText.nanoseconds(plan.costs[index]), plan.barriers[index] ? "yes" : "",
        kernel.writes.map { "\(plan.program[$0].name) -> \(Inspection.place(plan.storage[$0.index], plan))" }
          .joined(separator: ", "))
    }
    return lines + plan.sections.map { text($0, plan) } + table.lines()
  }
}

extension String {
  /// Without the last line end.
  var trimmingLineEnd: String { hasSuffix("\n") ? String(dropLast()) : self }
}
