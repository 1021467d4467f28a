import JacquardCore
import JacquardIR
import JacquardPlanner

extension Plan {
  /// What a memory limit changed, in a line; nil if nothing.
  var limitText: String? {
    guard let limited = memory.limited else { return nil }
    let gained = "within \(NumberText.grouped(limited.limit)) bytes instead of \(NumberText.grouped(limited.unlimited))"
    if limited.repeated.isEmpty { return "\(gained): kernels in another order" }
    let total = Double(costs.reduce(0, +))
    let share = NumberText.fixed(100 * Double(repeatedCost) / max(1, total - Double(repeatedCost)), 1)
    return "\(gained): \(limited.repeated.count) kernels compute again what was given up, "
      + "\(NumberText.nanoseconds(repeatedCost)) on one thread by estimate (\(share) % more)"
  }
}

extension Inspection {
  static let topBuffers = 16
  private static let widestLife = 64

  /// Where each byte lives and when.
  func memory() -> [String] {
    guard let plan else { return [] }
    let report = plan.memory
    var lines = ["memory of \(plan.name), sizes in bytes rounded up to 64"]
    var table = TextTable([.left, .right, .left])
    func add(_ name: String, _ bytes: Int, _ text: String) { table.add("  \(name)", NumberText.grouped(bytes), text) }
    add("arena", report.achieved, "all that a step makes")
    add("lower bound", report.lowerBound, "most bytes alive at once in this order")
    add("naive", report.naive, "no two buffers sharing")
    add("unfused peak", report.unfusedPeak, "most bytes alive at once if nothing were fused, depth first")
    for role in [Input.Role.parameter, .state, .data] { add(role.rawValue, bytes(plan, role), "outside the arena") }
    lines += table.lines()
    lines.append("in place: \(names(report.inPlaceUpdates))")
    for copy in report.copies { lines.append("replaced by a copy: \(copy.name), because \(copy.reason)") }
    lines += joins(plan) + limited(plan)
    return lines + buffers(plan) + savedValues()
  }

  func bytes(_ plan: Plan, _ role: Input.Role) -> Int {
    plan.inputs.reduce(0) { sum, input in
      input.role == role ? sum &+ ((try? input.type.byteCount()) ?? 0) : sum
    }
  }

  private func names(_ names: [String]) -> String {
    names.isEmpty ? "no parameter or state" : "\(names.count) parameters and states: \(names.joined(separator: ", "))"
  }

  private func joins(_ plan: Plan) -> [String] {
    let joins = plan.memory.joins
    var lines = ["written over an operand that dies: \(joins.isEmpty ? "no buffer" : "\(joins.count)")"]
    let buffers = plan.program.buffers
    for join in joins where buffers.indices.contains(join.buffer.index) && buffers.indices.contains(join.over.index) {
      lines.append(
        "  \(buffers[join.buffer.index].name) over \(buffers[join.over.index].name) in kernel \(join.kernel)")
    }
    return lines
  }

  /// What a memory limit changed.
  private func limited(_ plan: Plan) -> [String] {
    guard let limited = plan.memory.limited, let text = plan.limitText else { return [] }
    return [text]
      + limited.repeated.map { run in
        let kernels = plan.program.kernels
        return "  kernel \(run.kernel) \(kernels[run.kernel].name) computes again what kernel \(run.of) "
          + "\(kernels[run.of].name) did, \(NumberText.nanoseconds(plan.costs[run.kernel]))"
      }
  }

  /// The largest buffers: where they lie, while which kernels they are needed, and the user's line.
  private func buffers(_ plan: Plan) -> [String] {
    let entries = plan.memory.buffers.prefix(Inspection.topBuffers)
    if entries.isEmpty { return [] }
    let count = plan.program.kernels.count
    var table = TextTable([.right, .right, .left, .left, .left, .left])
    table.add("bytes", "offset", "kernels", count <= Inspection.widestLife ? "life" : "", "buffer", "source")
    for entry in entries {
      let life = count <= Inspection.widestLife ? Inspection.life(entry, count) : ""
      table.add(
        NumberText.grouped(entry.bytes), "\(entry.offset)", "\(entry.first)-\(entry.last)", life,
        "\(entry.name) \(entry.type)", entry.site ?? "")
    }
    let all = plan.memory.buffers.count
    return ["largest of \(all) buffers"] + table.lines(indent: "  ")
  }

  private static func life(_ entry: MemoryReport.Entry, _ count: Int) -> String {
    String((0..<count).map { $0 >= entry.first && $0 <= entry.last ? Character("#") : Character(".") })
  }
}
