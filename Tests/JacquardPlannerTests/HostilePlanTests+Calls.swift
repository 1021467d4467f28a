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

  /// The same of matrices: the plan has factors of five matrices of four rows (the first call), and a triangular system.
  static let matrixCalls: [Corruption] = [
    matrices("more matrices than the buffer has") { $0.parameters[0] = 6 },
    matrices("fewer matrices than the buffer has") { $0.parameters[0] = 4 },
    matrices("no matrices") { $0.parameters[0] = 0 },
    matrices("a negative number of matrices and rows") {
      $0.parameters[0] = -5
      $0.parameters[1] = -4
    },
    matrices("matrices of more rows") { $0.parameters[1] = 5 },
    matrices("matrices of no rows") { $0.parameters[1] = 0 },
    matrices("factors of a matrix that is not square") {
      $0.parameters[1] = 2
      $0.parameters[2] = 8
    },
    matrices("matrices of 2^40 rows") { $0.parameters = [1 << 62, 1 << 40, 1 << 40, 0] },
    matrices("flags of factors") { $0.parameters[3] = 1 },
    matrices("flags that there are not") { $0.parameters[3] = 8 },
    matrices("negative flags") { $0.parameters[3] = -1 },
    matrices("parameters of rows") { $0.parameters.append(0) },
    matrices("factors without a sign") { $0.results.removeLast() },
    matrices("factors in place of their sign") { $0.results[2] = $0.results[0] },
    matrices("factors in place of their operand") { $0.results[0] = $0.operands[0] },
    matrices("order and factors exchanged") { $0.results.swapAt(0, 1) },
    matrices("factors of two matrices") { $0.operands.append($0.operands[0]) },
    matrices("eigenvalues into the buffers of factors") { $0.function = .eigh },
    matrices("singular values into the buffers of factors") { $0.function = .svd },
    matrices("a product's factor that is not there") { $0.operands[0] = BufferID(77) },
    matrices("more right-hand sides than there are", of: 1) { $0.parameters[2] = 4 },
    matrices("a system of its right-hand sides", of: 1) { $0.operands.reverse() },
    matrices("a system without right-hand sides", of: 1) { $0.operands.removeLast() },
    Corruption(name: "factors of integers", plan: .matrices) { plan in
      for index in plan.program.buffers.indices where plan.program.buffers[index].dtype == .f32 {
        plan.program.buffers[index].dtype = .i32
      }
    },
  ]

  /// Changes one of the plan's calls, in their order.
  private static func matrices(
    _ name: String, of number: Int = 0, _ change: @escaping @Sendable (inout LibraryCall) -> Void
  ) -> Corruption {
    Corruption(name: name, plan: .matrices) { plan in
      var calls = 0
      for index in plan.program.kernels.indices {
        guard case .library(var call) = plan.program.kernels[index].kind else { continue }
        if calls == number {
          change(&call)
          plan.program.kernels[index].kind = .library(call)
        }
        calls += 1
      }
      if calls != 2 { throw Diagnostic("the plan has \(calls) calls") }
    }
  }
}
