import JacquardCore
import JacquardKernels
import JacquardPlanner

extension HostilePlanTests {
  /// Loops and branches that would leave their buffers, run for ever, or run something else than was verified.
  static let controls: [Corruption] = [
    Corruption(name: "one trip more than there are slices", plan: .scan) {
      try control(&$0) { $0.kind = .scan(length: 4, isReversed: false) }
    },
    Corruption(name: "negative number of trips", plan: .scan) {
      try control(&$0) { $0.kind = .scan(length: -1, isReversed: true) }
    },
    Corruption(name: "2^62 trips", plan: .whileLoop) { try control(&$0) { $0.kind = .whileLoop(limit: 1 << 62) } },
    Corruption(name: "trips that take for ever", plan: .whileLoop) {
      try control(&$0) { $0.kind = .whileLoop(limit: (1 << 31) - 1) }
    },
    Corruption(name: "cheap trips", plan: .scan) { try control(&$0) { $0.tripCost = 0 } },
    Corruption(name: "trips of negative cost", plan: .scan) { try control(&$0) { $0.tripCost = -1 } },
    Corruption(name: "an index that is checked unseen", plan: .scan) { try control(&$0) { $0.canFail = true } },
    Corruption(name: "no program", plan: .scan) { $0.programs = [] },
    Corruption(name: "program that is not there", plan: .scan) { try control(&$0) { $0.branches[0].program = 1 } },
    Corruption(name: "negative program", plan: .scan) { try control(&$0) { $0.branches[0].program = -1 } },
    Corruption(name: "one branch too few", plan: .cond) { try control(&$0) { $0.branches.removeLast() } },
    Corruption(name: "one branch too many", plan: .scan) { try control(&$0) { $0.branches += $0.branches } },
    Corruption(name: "input that is not bound", plan: .scan) {
      try control(&$0) { $0.branches[0].bindings.removeLast() }
    },
    Corruption(name: "input bound to nothing", plan: .scan) {
      try control(&$0) { $0.branches[0].bindings[1].buffer = BufferID(99) }
    },
    Corruption(name: "whole buffer for a slice", plan: .scan) {
      try control(&$0) { $0.branches[0].bindings[1].isStepped = false }
    },
    Corruption(name: "slice for a whole buffer", plan: .scan) {
      try control(&$0) { $0.branches[0].bindings[2].isStepped = true }
    },
    Corruption(name: "write that is not stated", plan: .scan) {
      try control(&$0) { $0.branches[0].bindings[0].isWritten = false }
    },
    Corruption(name: "write into a constant operand", plan: .scan) {
      try control(&$0) { $0.branches[0].bindings[2].isWritten = true }
    },
    Corruption(name: "input of a program that is not written", plan: .scan) { plan in
      for index in plan.programs[0].inputs.indices { plan.programs[0].inputs[index].isUpdated = false }
    },
    Corruption(name: "carried value that does not begin", plan: .scan) { try control(&$0) { $0.starts = [] } },
    Corruption(name: "carried value that begins as something else", plan: .scan) { plan in
      let other = BufferID(plan.program.buffers.indices.first { plan.program.buffers[$0].extents == [8, 8] } ?? 0)
      try control(&plan) { $0.starts[0].from = other }
    },
    Corruption(name: "no workspace", plan: .scan) { try control(&$0) { $0.workspace = nil } },
    Corruption(name: "workspace too small", plan: .scan) { plan in
      for index in plan.program.buffers.indices where plan.program.buffers[index].dtype == .u8 {
        plan.program.buffers[index].extents = [8]
      }
    },
    Corruption(name: "arena larger than the workspace", plan: .scan) { $0.programs[0].arenaBytes += 1 << 20 },
    Corruption(name: "workspace in an operand", plan: .scan) {
      try control(&$0) { $0.workspace = $0.branches[0].bindings[2].buffer }
    },
    Corruption(name: "no predicate", plan: .cond) { try control(&$0) { $0.predicate = nil } },
    Corruption(name: "predicate that is no truth value", plan: .cond) {
      try control(&$0) { $0.predicate = $0.branches[0].bindings[0].buffer }
    },
    Corruption(name: "predicate that the condition does not write", plan: .whileLoop) {
      try control(&$0) { $0.predicate = $0.starts[0].from }
    },
    Corruption(name: "branches that write different results", plan: .cond) {
      try control(&$0) { $0.branches[1].bindings.reverse() }
    },
    Corruption(name: "nested access out of bounds", plan: .scan) { plan in
      try nest(&plan.programs[0]) { $0.outer[0] += 1 }
    },
    Corruption(name: "nested barriers missing", plan: .scan) { plan in
      plan.programs[0].barriers = plan.programs[0].barriers.map { _ in false }
    },
    Corruption(name: "programs within programs without end", plan: .scan) { plan in
      for _ in 0..<20 { plan.programs[0].programs = plan.programs }
    },
  ]
}
