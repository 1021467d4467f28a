import JacquardCore
import JacquardKernels
import JacquardPlanner

extension HostilePlanTests {
  /// Changes the first section.
  private static func section(_ plan: inout Plan, _ change: (inout Section) -> Void) throws {
    guard var first = plan.program.sections?.first else { throw Diagnostic("the plan has no sections") }
    change(&first)
    plan.program.sections?[0] = first
  }

  /// Changes where each slice lies.
  private static func slices(_ plan: inout Plan, _ change: (_ offset: Int, _ slice: Int) -> Plan.Storage) {
    for index in plan.storage.indices {
      if case .scratch(let offset, let slice) = plan.storage[index] { plan.storage[index] = change(offset, slice) }
    }
  }

  /// A section over some kernels of a plan that has none.
  private static func all(_ plan: inout Plan, blocks: Int = 2) {
    plan.program.sections = [Section(first: 0, count: plan.program.kernels.count, blocks: blocks)]
    for index in plan.barriers.indices { plan.barriers[index] = false }
  }

  static let sections: [Corruption] = [
    Corruption(name: "more blocks", plan: .attention) { try section(&$0) { $0.blocks *= 2 } },
    Corruption(name: "fewer blocks", plan: .attention) { try section(&$0) { $0.blocks /= 2 } },
    Corruption(name: "blocks that do not divide the loops", plan: .attention) { try section(&$0) { $0.blocks += 1 } },
    Corruption(name: "no blocks", plan: .attention) { try section(&$0) { $0.blocks = 0 } },
    Corruption(name: "as many blocks as there can be", plan: .attention) { try section(&$0) { $0.blocks = .max } },
    Corruption(name: "slices that are read outside", plan: .attention) { try section(&$0) { $0.count -= 1 } },
    Corruption(name: "slices that are written outside", plan: .attention) {
      try section(&$0) { ($0.first, $0.count) = ($0.first + 1, $0.count - 1) }
    },
    Corruption(name: "section of nothing", plan: .attention) { try section(&$0) { $0.count = 0 } },
    Corruption(name: "section beyond the end", plan: .attention) { try section(&$0) { $0.count = .max } },
    Corruption(name: "section before the beginning", plan: .attention) { try section(&$0) { $0.first = -1 } },
    Corruption(name: "sections over each other", plan: .attention) { plan in
      plan.program.sections = plan.program.sections.map { $0 + $0 }
    },
    Corruption(name: "slices without a section", plan: .attention) { $0.program.sections = nil },
    Corruption(name: "slices at one place", plan: .attention) { plan in
      slices(&plan) { .scratch(offset: 0, slice: $1) }
    },
    Corruption(name: "slices that are too small", plan: .attention) { plan in
      slices(&plan) { .scratch(offset: $0, slice: $1 / 2) }
    },
    Corruption(name: "slices that are too large", plan: .attention) { plan in
      slices(&plan) { .scratch(offset: $0, slice: $1 * 2) }
    },
    Corruption(name: "slices without bytes", plan: .attention) { plan in
      slices(&plan) { offset, _ in .scratch(offset: offset, slice: 0) }
    },
    Corruption(name: "slices at no multiple of 64", plan: .attention) { plan in
      slices(&plan) { .scratch(offset: $0 + 4, slice: $1) }
    },
    Corruption(name: "slices at a negative offset", plan: .attention) { plan in
      slices(&plan) { .scratch(offset: $0 - 1 << 20, slice: $1) }
    },
    Corruption(name: "slices that overflow", plan: .attention) { plan in
      slices(&plan) { offset, _ in .scratch(offset: offset, slice: .max) }
    },
    Corruption(name: "a result in slices", plan: .attention) { plan in
      let buffer = plan.outputs[0].buffer
      let slice = plan.program[buffer].byteCount / (plan.program.sections?[0].blocks ?? 1)
      plan.storage[buffer.index] = .scratch(offset: 1 << 20, slice: slice)
    },
    Corruption(name: "a barrier between blocks", plan: .attention) { plan in
      plan.barriers[(plan.program.sections?[0].first ?? 0) + 1] = true
    },
    Corruption(name: "every block reads the part of the first one", plan: .attention) { plan in
      let kernels = plan.program.sections?[0].kernels ?? 0..<1
      let last = kernels.upperBound - 1
      guard case .contraction(var product) = plan.program.kernels[last].kind else { throw Diagnostic("no product") }
      product.lhs.batchStrides = product.lhs.batchStrides.map { _ in 0 }
      plan.program.kernels[last].kind = .contraction(product)
    },
    Corruption(name: "a section in a nested program", plan: .scan) { plan in
      plan.programs[0].program.sections = [Section(first: 0, count: 1, blocks: 1)]
    },
    Corruption(name: "a routine in blocks", plan: .sort) { all(&$0) },
    Corruption(name: "a scatter in blocks", plan: .scatter) { all(&$0) },
    Corruption(name: "a kernel that may fail in blocks", plan: .gather) { all(&$0, blocks: 5) },
    Corruption(name: "updates of inputs in blocks", plan: .training) { all(&$0) },
    Corruption(name: "slices of what nobody uses in blocks", plan: .softmax) { plan in
      plan.storage[plan.outputs[0].buffer.index] = .scratch(offset: 0, slice: 160)
    },
  ]
}
