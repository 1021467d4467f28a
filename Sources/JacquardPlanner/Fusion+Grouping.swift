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
    let parts = members.compactMap { kernels[$0]?.loop }
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

  /// Checks that can fail are dealt apart: those that need not wait for a replacement, and the others.
  private func apart(_ members: [Int]) -> [[Int]] {
    let checks = members.filter { kernels[$0]?.canFail ?? false }
    if checks.isEmpty || replacements.isEmpty { return [members] }
    let late = afterReplacements()
    let early = checks.filter { !late.contains($0) }
    return [early, checks.filter(late.contains), members.filter { !checks.contains($0) }]
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
  /// A check that can fail stays out of kernels that must wait for the replacement of a parameter or state, or make it:
  /// it can then run before the old value is lost.
  func refusesCheck(_ a: Int, _ b: Int) -> RefusalReason? {
    let (first, second) = (kernels[a]?.canFail ?? false, kernels[b]?.canFail ?? false)
    if !(first || second) || replacements.isEmpty { return nil }
    let late = afterReplacements()
    return (first && late.contains(b)) || (second && late.contains(a)) ? .init(.delaysCheck) : nil
  }

  /// The kernels that replace an input of the step, and all that depend on them.
  private func afterReplacements() -> Set<Int> {
    var stack = replacements.compactMap { writer[$0] }
    var found = Set(stack)
    while let next = stack.popLast() {
      for follower in consumers(next) where found.insert(follower).inserted { stack.append(follower) }
    }
    return found
  }
}
