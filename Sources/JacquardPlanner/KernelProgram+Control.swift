import JacquardCore
import JacquardKernels

extension KernelProgram {
  /// Tells control kernels what their compiled programs need: memory, time, and whether they can fail.
  ///
  /// - Throws: `Diagnostic` if a loop would run for ever.
  mutating func attach(_ programs: [Plan]) throws {
    for index in kernels.indices {
      guard case .control(var control) = kernels[index].kind else { continue }
      let plans = control.branches.map { programs[$0.program] }
      let bytes = plans.map(\.arenaBytes).max() ?? 0
      if bytes > 0 {
        buffers.append(Buffer("\(kernels[index].name).workspace", .u8, [bytes], node: kernels[index].nodes.first))
        control.workspace = BufferID(buffers.count - 1)
      }
      control.canFail = plans.contains { $0.program.kernels.contains(where: \.canFail) }
      control.tripCost = CostModel.tripNanoseconds(control, programs)
      kernels[index].kind = .control(control)
      if CostModel.nanoseconds(kernels[index]) >= CostModel.longest {
        throw Diagnostic(
          "\(kernels[index].name) of \(control.trips) trips takes more than \(CostModel.longest / 1_000_000_000) seconds"
        )
      }
    }
  }
}
