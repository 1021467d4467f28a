import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// That filling memory which holds nothing shows who reads it.
@Suite struct FreedMemoryTests {
  /// A kernel for each product.
  private func plan() throws -> Plan {
    let graph = try graph { b in
      let x = try b.input("x", "f32[40,50]")
      let y = try b.matmul(x, b.input("w", "f32[50,30]"))
      let z = try b.matmul(b.tanh(y), b.input("v", "f32[30,20]"))
      try b.output("z", b.matmul(b.sigmoid(z), b.input("u", "f32[20,10]")))
    }
    return try Compiler.compile(graph).plan
  }

  private func run(_ plan: Plan, poisons: Bool) throws -> HostTensor {
    var random = Random(1)
    var inputs: [String: HostTensor] = [:]
    for input in plan.inputs { inputs[input.name] = try random.tensor(input.type, 0.1, 0.9) }
    let results = try Harness.vm(plan, inputs, threads: 2, steps: 2, poisonsFreed: poisons)
    return try #require(results["z"])
  }

  private func hasNaN(_ tensor: HostTensor) -> Bool {
    (0..<tensor.count).contains { tensor[linear: $0].asDouble.isNaN }
  }

  @Test func soundPlansDoNotReadIt() throws {
    let plan = try plan()
    let (plain, poisoned) = (try run(plan, poisons: false), try run(plan, poisons: true))
    #expect(plan.program.kernels.count > 2 && plain == poisoned && !hasNaN(plain))
  }

  /// What no kernel wrote is NaN at the beginning of a step.
  @Test func readingBeforeWriting() throws {
    var plan = try plan()
    plan.program.kernels.removeFirst()
    plan.barriers.removeFirst()
    plan.costs.removeFirst()
    #expect(try hasNaN(run(plan, poisons: true)))
  }

  /// What a kernel was the last to use is NaN after it: here the output, which the plan does not name as kept.
  @Test func readingAfterTheLastUse() throws {
    var plan = try plan()
    plan.program.results = []
    #expect(try !hasNaN(run(plan, poisons: false)) && hasNaN(run(plan, poisons: true)))
  }
}
