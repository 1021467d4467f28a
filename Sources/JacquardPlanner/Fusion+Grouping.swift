import JacquardCore
import JacquardKernels

// MARK: - Grouping

extension Fusion {
  /// Deals independent loop nests to the threads together: those whose results no kernel reads (the updates of an
  /// optimiser) at the end of the step, the others by dependence level.
  mutating func group() {
    let loops = kernels.indices.filter { kernels[$0]?.loop != nil }
    let sinks = loops.filter { consumers($0).isEmpty }
    let levels = dependenceLevels()
    let inner = Dictionary(grouping: loops.filter { !consumers($0).isEmpty }) { levels[$0] }
    for members in inner.sorted(by: { $0.key < $1.key }).map(\.value) + [sinks] {
      for part in apart(members) { group(part) }
    }
  }

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
    (isLate(a) && isEarly(b)) || (isLate(b) && isEarly(a)) ? .init(.delaysCheck) : nil
  }

  private func isLate(_ index: Int) -> Bool { kernels[index]?.writes.contains(where: checks.late.contains) ?? false }

  private func isEarly(_ index: Int) -> Bool {
    guard let kernel = kernels[index] else { return false }
    return kernel.canFail || kernel.writes.contains(where: checks.early.contains)
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
