import JacquardCore
import JacquardKernels

// MARK: - Grouping

extension Fusion {
  /// Deals independent loop nests to the threads together: those whose results no kernel reads (the updates of an
  /// optimiser) at the end of the step, the others by dependence level. So are those of the former for which too much memory
  /// would wait until the end.
  mutating func group() {
    let loops = kernels.indices.filter { kernels[$0]?.loop != nil }
    let sinks = loops.filter { consumers($0).isEmpty }
    let levels = dependenceLevels()
    let inner = Dictionary(grouping: loops.filter { !consumers($0).isEmpty }) { levels[$0] }
    let early = Set(holdingSinks(sinks))
    let soon = Dictionary(grouping: sinks.filter(early.contains)) { levels[$0] }
    let groups = [inner, soon].flatMap { $0.sorted { $0.key < $1.key }.map(\.value) }
    for members in groups + [sinks.filter { !early.contains($0) }] {
      for part in apart(members) { group(part) }
    }
    runsSoon = early.filter { kernels[$0] != nil }
  }

  /// The kernels at the end of the step that should run as soon as they can: if, while most memory is in use, operands of which
  /// only such kernels are left as readers take a large part of it, those that read large operands.
  private func holdingSinks(_ sinks: [Int]) -> [Int] {
    let isSink = Set(sinks)
    let sequence = order().filter { !isSink.contains($0) }
    var last = [Int](repeating: -1, count: program.buffers.count)
    for (position, kernel) in sequence.enumerated() {
      for buffer in writesOf[kernel] + readsOf[kernel] { last[buffer.index] = position }
    }
    // Operands that a step computes, with the place of their last reader but for the sinks.
    let held = Set(sinks.flatMap { readsOf[$0] }).filter { last[$0.index] >= 0 && isTemporary($0) }
    var peak = (live: 0, idle: 0)
    var (live, idle) = (0, 0)
    for (position, kernel) in sequence.enumerated() {
      for buffer in writesOf[kernel] { live += bytes(buffer) }
      if live > peak.live { peak = (live, idle) }
      for buffer in (writesOf[kernel] + readsOf[kernel]).withoutRepetition() where last[buffer.index] == position {
        if held.contains(buffer) {
          idle += bytes(buffer)
        } else if isTemporary(buffer) {
          live -= bytes(buffer)
        }
      }
    }
    let most = max(heuristics.mostIdle * Double(peak.live), Double(heuristics.mostIdleBytes))
    if Double(peak.idle) <= most { return [] }
    return sinks.filter { sink in
      readsOf[sink].contains { held.contains($0) && bytes($0) >= heuristics.largeOperand }
    }
  }

  /// Whether a kernel writes a buffer and it is not wanted after the step.
  func isTemporary(_ buffer: BufferID) -> Bool { writer[buffer.index] >= 0 && !wanted.contains(buffer) }

  func bytes(_ buffer: BufferID) -> Int { roundedTo64(program[buffer].byteCount) }

  private mutating func group(_ members: [Int]) {
    guard members.count > 1, let last = members.last, var kernel = kernels[last] else { return }
    let parts = Fusion.joiningSiblings(members.compactMap { kernels[$0]?.loop }, heuristics)
    if parts.reduce(0, { $0 + $1.steps.count }) > 65536 { return }
    let nodes = members.compactMap { kernels[$0]?.nodes }
    kernel.body = .flows(parts)
    kernel.nodes = Set(nodes.joined()).sorted()
    for member in members.dropLast() { replace(member, by: nil) }
    replace(last, by: kernel)
    for other in nodes.dropLast() {
      record.steps.append(.init(kind: .group, producer: other, consumer: nodes[nodes.count - 1]))
    }
  }

  /// Independent nests over the same points that read the same array read it once. The arithmetic of each stays as it is.
  private static func joiningSiblings(_ flows: [Flow], _ heuristics: FusionHeuristics) -> [Flow] {
    var result: [Flow] = []
    for flow in flows {
      if let place = result.indices.first(where: { heuristics.areSiblings(result[$0], flow) }) {
        _ = result[place].absorb(flow, axes: flow.extents.indices.map { .axis($0) })
      } else {
        result.append(flow)
      }
    }
    return result
  }

  /// Checks that can fail are dealt apart: those that need not wait for a replacement, and the others. So is what a check waits
  /// for, from what replaces an input.
  private func apart(_ members: [Int]) -> [[Int]] {
    let checks = members.filter { kernels[$0]?.canFail ?? false }
    let others = members.filter { !(kernels[$0]?.canFail ?? false) }
    let parts = [checks.filter { !isLate($0) }, checks.filter(isLate)]
    if !(others.contains(where: isLate) && others.contains(where: isEarly)) { return parts + [others] }
    return parts + [others.filter { !isLate($0) }, others.filter(isLate)]
  }

  /// For each kernel the number of kernels that must run before it, one after the other.
  private func dependenceLevels() -> [Int] {
    var levels = [Int](repeating: 0, count: kernels.count)
    for index in order() { levels[index] = producers(index).map { levels[$0] + 1 }.max() ?? 0 }
    return levels
  }
}

// MARK: - Checks before replacements

extension Fusion {
  /// A check that can fail, and all that it waits for, stays out of kernels that replace a parameter or state or wait for that:
  /// it can then run before the old value is lost.
  func refusesCheck(_ a: Int, _ b: Int) -> RefusalReason? {
    if checks.late.isEmpty { return nil }
    return (isLate(a) && isEarly(b)) || (isLate(b) && isEarly(a)) ? .init(.delaysCheck) : nil
  }

  private func isLate(_ index: Int) -> Bool { writesOf[index].contains(where: checks.late.contains) }

  private func isEarly(_ index: Int) -> Bool {
    guard let kernel = kernels[index] else { return false }
    return kernel.canFail || writesOf[index].contains(where: checks.early.contains)
  }
}

/// What must come after, and what before, a step's first overwritten input. Fusion keeps the two apart, so the sets hold for the
/// fused kernels as they do for the single ones.
struct CheckOrder {
  /// Replacements of inputs, and all that depends on them.
  var late: Set<BufferID>
  /// What a check that can fail waits for.
  var early: Set<BufferID> = []

  init(_ program: KernelProgram, replacements: Set<BufferID>) {
    late = replacements
    if replacements.isEmpty { return }
    for kernel in program.kernels where kernel.reads.contains(where: late.contains) { late.formUnion(kernel.writes) }
    for kernel in program.kernels.reversed() where kernel.canFail || kernel.writes.contains(where: early.contains) {
      early.formUnion(kernel.reads)
    }
    early.subtract(late)
  }
}
