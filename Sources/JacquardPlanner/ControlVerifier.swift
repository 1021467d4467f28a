import JacquardCore
import JacquardKernels

/// Checks a control kernel of a plan whose nested programs are verified already: each input of a program lies in a buffer that
/// fits, what is written is nowhere read or written besides, and the arenas fit into the workspace.
struct ControlVerifier {
  let plan: Plan
  let control: Control

  func verify() throws {
    try verifyCounts()
    try verifyStarts()
    for branch in control.branches { try verify(branch) }
    try verifyWorkspace()
    try verifyRoles()
    let programs = control.branches.map { plan.programs[$0.program] }
    guard control.canFail == programs.contains(where: { $0.program.kernels.contains(where: \.canFail) }) else {
      throw Diagnostic("whether a nested kernel can fail is not what is stated")
    }
    guard control.tripCost == CostModel.tripNanoseconds(control, plan.programs) else {
      throw Diagnostic("the cost of a trip is not what is stated")
    }
  }

  private func verifyCounts() throws {
    let branches = if case .scan = control.kind { 1 } else { 2 }
    guard control.branches.count == branches else {
      throw Diagnostic("a control kernel has the wrong number of programs")
    }
    guard (0..<1 << 31).contains(control.trips) else { throw Diagnostic("an impossible number of trips") }
    for branch in control.branches {
      guard plan.programs.indices.contains(branch.program),
        branch.bindings.count == plan.programs[branch.program].inputs.count
      else { throw Diagnostic("a nested program does not exist, or its inputs are not bound") }
    }
  }

  /// All of these exist and have memory: that is verified of what any kernel reads and writes.
  private func buffer(_ id: BufferID) throws -> Buffer {
    let buffer = plan.program[id]
    guard buffer.layout == .rowMajor(buffer.extents) else { throw Diagnostic("a nested program's buffer has gaps") }
    return buffer
  }

  private func verifyStarts() throws {
    let targets = control.starts.map(\.to)
    guard Set(targets).count == targets.count else { throw Diagnostic("a carried buffer starts twice") }
    for start in control.starts {
      let (from, to) = (try buffer(start.from), try buffer(start.to))
      guard from.dtype == to.dtype, from.extents == to.extents else {
        throw Diagnostic("a carried buffer starts with something that does not fit")
      }
    }
  }

  private func verify(_ branch: Control.Branch) throws {
    let nested = plan.programs[branch.program]
    for (binding, input) in zip(branch.bindings, nested.inputs) {
      let buffer = try buffer(binding.buffer)
      let sizes = input.type.shape.sizes ?? []
      guard buffer.dtype == input.type.dtype, binding.isWritten == input.isUpdated,
        buffer.extents == (binding.isStepped ? [control.trips] + sizes : sizes)
      else { throw Diagnostic("a buffer does not fit input '\(input.name)' of a nested program") }
      if binding.isStepped, case .scan = control.kind { continue }
      if binding.isStepped { throw Diagnostic("only a scan steps through buffers") }
    }
    for (index, input) in nested.inputs.enumerated() where input.isUpdated && !nested.updates(index) {
      throw Diagnostic("input '\(input.name)' of a nested program is never written")
    }
    let written = branch.bindings.filter(\.isWritten).map(\.buffer)
    let read = branch.bindings.filter { !$0.isWritten }.map(\.buffer)
    guard Set(written).count == written.count, Set(written).isDisjoint(with: read) else {
      throw Diagnostic("a nested program has two inputs in one buffer that it writes")
    }
  }

  private func verifyWorkspace() throws {
    let needed = control.branches.map { plan.programs[$0.program].arenaBytes }.max() ?? 0
    guard let workspace = control.workspace else {
      if needed > 0 { throw Diagnostic("nested programs have no workspace") }
      return
    }
    let buffer = try buffer(workspace)
    guard buffer.dtype == .u8, buffer.count >= needed, case .arena = plan.storage[workspace.index] else {
      throw Diagnostic("the workspace does not hold the nested programs")
    }
    let others = control.starts.flatMap { [$0.from, $0.to] } + control.branches.flatMap(\.bindings).map(\.buffer)
    if (others + (control.predicate.map { [$0] } ?? [])).contains(workspace) {
      throw Diagnostic("the workspace is used for something else")
    }
  }

  // MARK: Kinds

  private func verifyRoles() throws {
    let written = control.branches.map { branch in Set(branch.bindings.filter(\.isWritten).map(\.buffer)) }
    let carried = Set(control.starts.map(\.to))
    switch control.kind {
    case .scan:
      let fixed = control.branches[0].bindings.filter { $0.isWritten && !$0.isStepped }.map(\.buffer)
      guard control.predicate == nil, Set(fixed) == carried else {
        throw Diagnostic("a scan does not write exactly what it carries")
      }
    case .cond:
      guard carried.isEmpty, written[0] == written[1] else { throw Diagnostic("two branches write different results") }
      try verifyPredicate()
      for branch in control.branches where branch.bindings.contains(where: { $0.buffer == control.predicate }) {
        guard let predicate = control.predicate, !written[0].contains(predicate) else {
          throw Diagnostic("a branch writes the predicate")
        }
      }
    case .whileLoop:
      try verifyPredicate()
      guard let predicate = control.predicate, written[0] == [predicate], written[1] == carried,
        !control.branches[1].bindings.contains(where: { $0.buffer == predicate }),
        !control.starts.contains(where: { $0.from == predicate })
      else { throw Diagnostic("a while loop does not write exactly its predicate and what it carries") }
    }
  }

  private func verifyPredicate() throws {
    guard let predicate = control.predicate, try buffer(predicate).dtype == .bool, plan.program[predicate].count == 1
    else { throw Diagnostic("a control kernel has no predicate") }
  }
}

extension Plan {
  /// Whether a kernel writes to the memory of an input, or nothing needs to, as it is empty.
  fileprivate func updates(_ input: Int) -> Bool {
    program[inputs[input].buffer].count == 0
      || program.kernels.contains { $0.writes.contains { storage[$0.index] == .input(input) } }
  }
}
