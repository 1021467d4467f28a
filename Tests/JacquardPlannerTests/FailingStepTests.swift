import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardPlanner
@testable import JacquardRuntime

/// Steps that fail on a bad index: nothing is overwritten before all checks are done, where their operands allow.
@Suite struct FailingStepTests {
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    /// Whether a failed step leaves parameters and state as they were.
    let keeps: Bool
    /// Updates that are made by a copy because an index is checked while they are computed.
    let copied: [String]
    let build: @Sendable (GraphBuilder, Slots) throws -> Void

    init(
      _ description: String, keeps: Bool = true, copied: [String] = [],
      _ build: @escaping @Sendable (GraphBuilder, Slots) throws -> Void
    ) {
      self.description = description
      self.keeps = keeps
      self.copied = copied
      self.build = build
    }
  }

  /// Inputs of every case.
  struct Slots {
    let table: ValueID
    let weight: ValueID
    let count: ValueID
    let indices: ValueID
  }

  static let cases = [
    Case("embedding, product and SGD") { b, s in
      let rows = try b.gather(s.table, s.indices, axis: 0)
      let y = try b.tanh(b.matmul(rows, s.weight))
      let loss = try b.mean(b.multiply(y, y), axes: [0, 1])
      let slopes = try b.gradients(of: loss, withRespectTo: [s.table, s.weight])
      for (name, value, slope) in [("table", s.table, slopes[0]), ("weight", s.weight, slopes[1])] {
        try b.update(name, b.subtract(value, b.multiply(slope, b.constant(0.1, .f32))))
      }
      try b.update("count", b.add(s.count, b.constant(1, .i32)))
      try b.output("loss", loss)
    },
    Case("rows as output beside updates that need none of them") { b, s in
      try b.update("weight", b.tanh(s.weight))
      try b.update("count", b.add(s.count, b.constant(1, .i32)))
      try b.output("rows", b.gather(s.table, s.indices, axis: 0))
    },
    Case("a new value that later kernels read too") { b, s in
      let new = try b.softmax(s.weight)
      try b.update("weight", new)
      try b.output("sum", b.sum(new, axes: [0]))
      try b.output("rows", b.softmax(b.gather(s.table, s.indices, axis: 0)))
    },
    Case("rows joined with a value that depends on a new one") { b, s in
      let new = try b.softmax(s.weight)
      try b.update("weight", new)
      try b.output("y", b.multiply(b.tanh(b.gather(s.table, s.indices, axis: 0)), b.sum(new, axes: [0])))
    },
    Case("rows that replace a parameter", copied: ["weight"]) { b, s in
      try b.update("count", b.add(s.count, b.constant(1, .i32)))
      try b.update("weight", b.gather(s.table, s.indices, axis: 0))
    },
    Case("rows added to the table", copied: ["table"]) { b, s in
      try b.update("weight", b.tanh(s.weight))
      try b.update("table", b.scatterAdd(s.table, s.indices, s.weight, axis: 0))
    },
    Case("an index from an updated value", keeps: false) { b, s in
      let new = try b.softmax(s.weight)
      try b.update("weight", new)
      let best = try b.add(b.argmax(new, axis: 1), b.cast(s.indices, .i64))
      try b.output("row", b.gather(s.table, best, axis: 0))
    },
  ]

  private func graph(_ item: Case) throws -> Graph {
    try JacquardPlannerTests.graph(item.description) { b in
      try item.build(
        b,
        Slots(
          table: try Models.input(b, "table", [5, 3], .parameter).value,
          weight: try Models.input(b, "weight", [3, 3], .parameter).value,
          count: try Models.input(b, "count", [], .state, .i32).value, indices: try b.input("indices", "i32[3]")))
    }
  }

  private func inputs(_ indices: [Int32]) throws -> [String: HostTensor] {
    var random = Random(2)
    return [
      "table": try random.tensor("f32[5,3]"), "weight": try random.tensor("f32[3,3]"), "count": HostTensor(0 as Int32),
      "indices": try HostTensor(indices, [3]),
    ]
  }

  @Test(arguments: cases) func plansCheckFirst(_ item: Case) throws {
    let graph = try graph(item)
    for fuse in [true, false] {
      let plan = try Compiler.compile(graph, options: Harness.options(fuse: fuse)).plan
      try plan.verify()
      let checks = plan.program.kernels.indices.filter { plan.program.kernels[$0].canFail }
      #expect(!checks.isEmpty)
      #expect(checks.allSatisfy { plan.keepsInputs(failingIn: $0) } == item.keeps, "fused: \(fuse)")
      let copied = plan.memory.copies.filter { $0.reason.contains("checked") }.map(\.name)
      #expect(copied == item.copied, "fused: \(fuse)")
    }
    let good = try inputs([0, 1, 2])
    let trial = Trial(graph: graph, inputs: good)
    #expect(trial.failure() == nil)
  }

  @Test(arguments: cases) func failedStepsLeaveThingsAlone(_ item: Case) throws {
    let runner = try PlanRunner(plan: try Compiler.compile(try graph(item)).plan, threads: 3)
    for bad in [[-9, 0, 1], [0, 1, 9], [2, 2, .max]] as [[Int32]] {
      let before = try inputs(bad)
      let storage = try before.mapValues { try TensorStorage($0) }
      for (name, memory) in storage where runner.plan.inputs.contains(where: { $0.name == name }) {
        try runner.bind(name, memory)
      }
      let error = #expect(throws: Diagnostic.self) { try runner.run() }
      #expect(error?.kind == .runtime)
      #expect(runner.keptInputs == item.keeps)
      let same = before.allSatisfy { storage[$0.key]?.tensor() == $0.value }
      #expect(same == item.keeps, "\(bad)")
    }
  }

  @Test func referenceStepsLeaveThingsAlone() throws {
    let runner = ReferenceRunner(graph: try graph(Self.cases[0]))
    let before = try inputs([0, 1, 5])
    let storage = try before.mapValues { try TensorStorage($0) }
    for (name, memory) in storage { try runner.bind(name, memory) }
    #expect(throws: Diagnostic.self) { try runner.run() }
    #expect(runner.keptInputs)
    #expect(before.allSatisfy { storage[$0.key]?.tensor() == $0.value })
  }
}
