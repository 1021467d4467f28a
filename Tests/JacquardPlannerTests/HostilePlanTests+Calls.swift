import JacquardCore
import JacquardKernels
import JacquardPlanner

extension HostilePlanTests {
  /// Library calls whose buffers or parameters do not fit the function.
  static let calls: [Corruption] = [
    Corruption(name: "rows beyond the buffer", plan: .sort) { try call(&$0) { $0.parameters[0] = 7 } },
    Corruption(name: "rows that are too long", plan: .sort) { try call(&$0) { $0.parameters[1] = 41 } },
    Corruption(name: "rows of another stride", plan: .sort) { try call(&$0) { $0.parameters[2] = 2 } },
    Corruption(name: "fewer rows than the buffer has", plan: .sort) { try call(&$0) { $0.parameters[0] = 5 } },
    Corruption(name: "rows of no elements", plan: .sort) { try call(&$0) { $0.parameters[1] = 0 } },
    Corruption(name: "negative rows", plan: .sort) {
      try call(&$0) {
        $0.parameters[0] = -6
        $0.parameters[1] = -40
      }
    },
    Corruption(name: "rows of 2^124 elements", plan: .sort) {
      try call(&$0) {
        $0.parameters[0] = 1 << 62
        $0.parameters[1] = 1 << 62
      }
    },
    Corruption(name: "a flag of two", plan: .sort) { try call(&$0) { $0.parameters[3] = 2 } },
    Corruption(name: "a parameter missing", plan: .sort) { try call(&$0) { $0.parameters.removeLast() } },
    Corruption(name: "a parameter too many", plan: .sort) { try call(&$0) { $0.parameters.append(0) } },
    Corruption(name: "a call without operands", plan: .sort) { try call(&$0) { $0.operands = [] } },
    Corruption(name: "a call with two operands", plan: .sort) { try call(&$0) { $0.operands.append($0.operands[0]) } },
    Corruption(name: "a call without positions", plan: .sort) { try call(&$0) { $0.results.removeLast() } },
    Corruption(name: "both results in one buffer", plan: .sort) { try call(&$0) { $0.results[1] = $0.results[0] } },
    Corruption(name: "results exchanged", plan: .sort) { try call(&$0) { $0.results.reverse() } },
    Corruption(name: "a call over its own operand", plan: .sort) { try call(&$0) { $0.results[0] = $0.operands[0] } },
    Corruption(name: "a call of a buffer that is not there", plan: .sort) {
      try call(&$0) { $0.operands[0] = BufferID(90) }
    },
    Corruption(name: "totals with positions", plan: .sort) { try call(&$0) { $0.function = .cumulativeSum } },
    Corruption(name: "a recurrence of one operand", plan: .sort) { try call(&$0) { $0.function = .linearRecurrence } },
    Corruption(name: "running extremes of a type for memory", plan: .sort) { plan in
      for index in plan.program.buffers.indices where plan.program.buffers[index].dtype == .f32 {
        plan.program.buffers[index].dtype = .f16
      }
      try call(&plan) { $0.function = .cumulativeMaximum }
    },
  ]
}
