import JacquardCore
import JacquardKernels

extension Plan {
  /// The plan with kernels that run one by one, and every buffer as a whole in the arena, behind what is there: for whoever looks at
  /// what single kernels leave. The results are the same to the bit.
  public func withoutSections() -> Plan {
    guard program.sections != nil else { return self }
    var result = self
    result.program.sections = nil
    for (index, place) in storage.enumerated() {
      guard case .scratch = place else { continue }
      result.storage[index] = .arena(result.arenaBytes)
      result.arenaBytes += roundedTo64(program.buffers[index].byteCount)
    }
    let needed = Barriers.needed(result.program, result.storage)
    result.barriers = Barriers.protectingInputs(needed, result.program, result.storage)
    return result
  }
}

extension Compilation {
  /// The compilation with its plan's `withoutSections`.
  public func withoutSections() -> Compilation {
    var result = self
    result.plan = plan.withoutSections()
    return result
  }
}
