import JacquardCore
import JacquardIR

extension Plan {
  /// Where each byte of the plan's memory lives and when, as text: the arena and its bounds, what is replaced in place, buffers that share a
  /// place, and the largest buffers with the user's lines. Sizes are in bytes, rounded up to 64.
  public var memoryReport: String { memoryLines.joined(separator: "\n") }

  private var memoryLines: [String] {
    var lines = ["memory of \(name), sizes in bytes rounded up to 64"]
    var table = TextTable([.left, .right, .left])
    func add(_ name: String, _ bytes: Int, _ text: String) { table.add("  \(name)", NumberText.grouped(bytes), text) }
    add("arena", memory.achieved, "all that a step makes")
    add("lower bound", memory.lowerBound, "most bytes alive at once in this order")
    add("naive", memory.naive, "no two buffers sharing")
    add("unfused peak", memory.unfusedPeak, "most bytes alive at once if nothing were fused, depth first")
    for role in [Input.Role.parameter, .state, .data] { add(role.rawValue, inputBytes(role), "outside the arena") }
    lines += table.lines()
    let names = memory.inPlaceUpdates
    let list = "\(names.count) parameters and states: \(names.joined(separator: ", "))"
    lines.append("in place: \(names.isEmpty ? "no parameter or state" : list)")
    for copy in memory.copies { lines.append("replaced by a copy: \(copy.name), because \(copy.reason)") }
    return lines + joinLines + limitLines + bufferLines
  }

  /// Bytes of the inputs of a role, which lie outside the arena.
  package func inputBytes(_ role: Input.Role) -> Int {
    inputs.reduce(0) { sum, input in input.role == role ? sum &+ ((try? input.type.byteCount()) ?? 0) : sum }
  }

  private var joinLines: [String] {
    let joins = memory.joins
    var lines = ["written over an operand that dies: \(joins.isEmpty ? "no buffer" : "\(joins.count)")"]
    let buffers = program.buffers
    for join in joins where buffers.indices.contains(join.buffer.index) && buffers.indices.contains(join.over.index) {
      lines.append(
        "  \(buffers[join.buffer.index].name) over \(buffers[join.over.index].name) in kernel \(join.kernel)")
    }
    return lines
  }

  // MARK: Limit

  /// What a memory limit changed, in a line; nil if nothing.
  package var limitText: String? {
    guard let limited = memory.limited else { return nil }
    let gained = "within \(NumberText.grouped(limited.limit)) bytes instead of \(NumberText.grouped(limited.unlimited))"
    if limited.repeated.isEmpty { return "\(gained): kernels in another order" }
    let total = Double(costs.reduce(0, +))
    let share = NumberText.fixed(100 * Double(repeatedCost) / max(1, total - Double(repeatedCost)), 1)
    return "\(gained): \(limited.repeated.count) kernels compute again what was given up, "
      + "\(NumberText.nanoseconds(repeatedCost)) on one thread by estimate (\(share) % more)"
  }

  private var limitLines: [String] {
    guard let limited = memory.limited, let text = limitText else { return [] }
    return [text]
      + limited.repeated.map { run in
        let kernels = program.kernels
        return "  kernel \(run.kernel) \(kernels[run.kernel].name) computes again what kernel \(run.of) "
          + "\(kernels[run.of].name) did, \(NumberText.nanoseconds(costs[run.kernel]))"
      }
  }

  // MARK: Buffers

  /// How many of the largest buffers a report shows.
  package static let shownBuffers = 16
  private static let widestLife = 64

  /// The largest buffers: where they lie, while which kernels they are needed, and the user's line.
  private var bufferLines: [String] {
    let entries = memory.buffers.prefix(Plan.shownBuffers)
    if entries.isEmpty { return [] }
    let count = program.kernels.count
    var table = TextTable([.right, .right, .left, .left, .left, .left])
    table.add("bytes", "offset", "kernels", count <= Plan.widestLife ? "life" : "", "buffer", "source")
    for entry in entries {
      let life = count <= Plan.widestLife ? Plan.life(entry, count) : ""
      table.add(
        NumberText.grouped(entry.bytes), "\(entry.offset)", "\(entry.first)-\(entry.last)", life,
        "\(entry.name) \(entry.type)", entry.site ?? "")
    }
    return ["largest of \(memory.buffers.count) buffers"] + table.lines(indent: "  ")
  }

  private static func life(_ entry: MemoryReport.Entry, _ count: Int) -> String {
    String((0..<count).map { $0 >= entry.first && $0 <= entry.last ? Character("#") : Character(".") })
  }
}
