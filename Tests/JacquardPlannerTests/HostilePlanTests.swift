import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

@testable import JacquardPlanner
@testable import JacquardRuntime

/// Valid plans with one thing made wrong. Each must be refused with a message, and none may trap.
@Suite struct HostilePlanTests {
  struct Corruption: Sendable {
    let name: String
    let plan: Victim
    let change: @Sendable (inout Plan) throws -> Void
  }

  enum Victim: Sendable, CaseIterable {
    case training, softmax, gather, scatter, pad, dropout, concat, rowSum, productRows, sort, matrices, scan, cond,
      whileLoop, attention
  }

  static func plan(_ victim: Victim) throws -> Plan {
    switch victim {
    case .training: try Compiler.compile(Models.mlpStep(batch: 8, widths: [12, 20, 10])).plan
    case .softmax: try Compiler.compile(Models.rowFunction("s", [6, 40]) { try $0.softmax($1) }).plan
    case .gather:
      try Compiler.compile(
        graph { b in
          let x = try b.input("x", "f32[9,4]")
          let i = try b.input("i", "i32[5]")
          try b.output("y", b.gather(x, i, axis: 0))
        }
      ).plan
    case .scatter:
      try Compiler.compile(
        graph { b in
          let x = try b.input("x", "f32[9,4]")
          let i = try b.input("i", "i32[5]")
          let u = try b.input("u", "f32[5,4]")
          try b.output("y", b.scatterAdd(x, i, u, axis: 0))
        }
      ).plan
    case .sort:
      try Compiler.compile(
        graph { b in
          let sorted = try b.sort(b.input("x", "f32[6,40]"), axis: 1)
          try b.output("y", sorted.values)
          try b.output("p", sorted.positions)
        }
      ).plan
    case .matrices:
      try Compiler.compile(
        graph { b in
          let lu = try b.lu(b.input("a", "f32[5,4,4]"))
          let x = try b.triangularSolve(lu.factors, b.input("b", "f32[5,4,3]"))
          for (name, value) in [("lu", lu.factors), ("p", lu.order), ("sign", lu.sign), ("x", x)] {
            try b.output(name, value)
          }
        }
      ).plan
    case .attention:
      try Compiler.compile(
        SectionTests.attention(batch: 3, heads: 4, queries: 20, keys: 20, width: 8), options: SectionTests.options()
      ).plan
    case .pad:
      try Compiler.compile(Models.rowFunction("p", [6, 4]) { try $0.pad($1, low: [1, 0], high: [0, 2]) }).plan
    case .concat: try Compiler.compile(Models.rowFunction("c", [3, 4]) { try $0.concat([$1, $1], axis: 0) }).plan
    case .rowSum: try Compiler.compile(Models.rowFunction("r", [6, 40]) { try $0.sum($1, axes: [1]) }).plan
    case .productRows: try Compiler.compile(RowReductionTests.channelSums([2, 3, 9, 9], maps: 8)).plan
    case .scan: try Compiler.compile(ControlTests.model(steps: 3, width: 8)).plan
    case .cond: try sample(Cond.samples[0])
    case .whileLoop: try Compiler.compile(power()).plan
    case .dropout:
      try Compiler.compile(
        graph { b in
          let x = try b.input("x", "f32[6,4]")
          let key = try b.input("key", "i32[2]")
          try b.output("y", b.dropout(x, key: key, rate: 0.5))
        }
      ).plan
    }
  }

  /// x = x x until its sum is large.
  private static func power() throws -> Graph {
    try graph("power") { b in
      let x = try b.input("x", "f32[64,64]")
      let result = try b.whileLoop([x], limit: 4) { b, x in
        try b.less(b.sum(x[0], axes: [0, 1]), b.constant(100, .f32))
      } body: { b, x in
        [try b.matmul(x[0], x[0])]
      }
      try b.output("y", result[0])
    }
  }

  private static func sample(_ sample: OperationSample) throws -> Plan {
    try Compiler.compile(SampleCase(sample, 0).graph).plan
  }

  // MARK: Ways to change a plan

  static func control(_ plan: inout Plan, _ change: (inout Control) -> Void) throws {
    for index in plan.program.kernels.indices {
      guard case .control(var control) = plan.program.kernels[index].kind else { continue }
      change(&control)
      plan.program.kernels[index].kind = .control(control)
      return
    }
    throw Diagnostic("the plan has no control flow")
  }

  static func nest(_ plan: inout Plan, _ change: (inout LoopNest) -> Void) throws {
    for index in plan.program.kernels.indices {
      guard case .loops(var nests) = plan.program.kernels[index].kind else { continue }
      change(&nests[0])
      plan.program.kernels[index].kind = .loops(nests)
      return
    }
    throw Diagnostic("the plan has no loops")
  }

  static func product(_ plan: inout Plan, _ change: (inout Contraction) -> Void) throws {
    for index in plan.program.kernels.indices {
      guard case .contraction(var product) = plan.program.kernels[index].kind else { continue }
      change(&product)
      plan.program.kernels[index].kind = .contraction(product)
      return
    }
    throw Diagnostic("the plan has no product")
  }

  static func scatter(_ plan: inout Plan, _ change: (inout Scatter) -> Void) throws {
    for index in plan.program.kernels.indices {
      guard case .scatter(var scatter) = plan.program.kernels[index].kind else { continue }
      change(&scatter)
      plan.program.kernels[index].kind = .scatter(scatter)
      return
    }
    throw Diagnostic("the plan has no scatter")
  }

  static func call(_ plan: inout Plan, _ change: (inout LibraryCall) -> Void) throws {
    for index in plan.program.kernels.indices {
      guard case .library(var call) = plan.program.kernels[index].kind else { continue }
      change(&call)
      plan.program.kernels[index].kind = .library(call)
      return
    }
    throw Diagnostic("the plan has no library call")
  }

  /// Changes the first load of the first nest.
  static func load(_ plan: inout Plan, _ change: (inout Access) -> Void) throws {
    try nest(&plan) { nest in
      for stage in nest.stages.indices {
        for index in nest.stages[stage].body.indices {
          guard case .load(var access) = nest.stages[stage].body[index].operation else { continue }
          change(&access)
          nest.stages[stage].body[index].operation = .load(access)
          return
        }
      }
    }
  }

  static func store(_ plan: inout Plan, _ change: (inout Store) -> Void) throws {
    try nest(&plan) { nest in
      for stage in nest.stages.indices where !nest.stages[stage].stores.isEmpty {
        change(&nest.stages[stage].stores[0])
        return
      }
    }
  }

  /// Numbers of the buffers in the arena.
  static func arena(_ plan: Plan) -> [Int] {
    plan.storage.indices.filter { if case .arena = plan.storage[$0] { true } else { false } }
  }

  static func expression(_ terms: String) throws -> IndexExpression {
    try JSONCoding.decode(
      IndexExpression.self, from: .parse(Array(terms.utf8), file: "test", limits: JSONLimits(bytes: 4096)))
  }

  @Test func victimsAreValid() throws {
    for victim in Victim.allCases {
      try HostilePlanTests.plan(victim).verify()
    }
  }

  @Test(arguments: corruptions) func isRefused(_ corruption: Corruption) throws {
    var plan = try HostilePlanTests.plan(corruption.plan)
    let before = plan
    try corruption.change(&plan)
    #expect(plan != before, "\(corruption.name) changes nothing")
    do {
      try plan.verify()
      Issue.record("\(corruption.name) is accepted")
    } catch let error as Diagnostic {
      #expect(error.description.count > 10 && !error.description.contains("\n"), "\(error)")
    }
  }

  /// The same through a file: reading refuses, and never traps.
  @Test(arguments: corruptions) func isRefusedFromAFile(_ corruption: Corruption) throws {
    var plan = try HostilePlanTests.plan(corruption.plan)
    try corruption.change(&plan)
    let text = try plan.json().text(.document)
    #expect(throws: Diagnostic.self, "\(corruption.name)") { try Plan(json: Array(text.utf8), file: "plan.json") }
  }

  /// What verification accepts must run or be refused, whatever was changed in the file.
  @Test func mutatedFilesNeverTrap() throws {
    var random = Random(17)
    for victim in Victim.allCases where victim != .training {
      let text = Array(try HostilePlanTests.plan(victim).json().text(.document).utf8)
      for _ in 0..<120 {
        var bytes = text
        for _ in 0..<(1 + random.below(3)) { HostilePlanTests.mutate(&bytes, &random) }
        guard let plan = try? Plan(json: bytes, file: "plan.json"), HostilePlanTests.points(plan) < 1 << 22 else {
          continue
        }
        guard let runner = try? PlanRunner(plan: plan, threads: 2) else { continue }
        var storages: [TensorStorage] = []
        for input in plan.inputs {
          guard let storage = try? TensorStorage(zeros: input.type) else { continue }
          storages.append(storage)
          try? runner.bind(input.name, storage)
        }
        try? runner.run()
        for name in runner.outputNames { _ = try? runner.output(name) }
      }
    }
  }

  private static func mutate(_ bytes: inout [UInt8], _ random: inout Random) {
    let digits = bytes.indices.filter { (48...57).contains(bytes[$0]) }
    let index = random.pick(digits)
    switch random.below(4) {
    case 0: bytes[index] = UInt8(48 + random.below(10))
    case 1: bytes.insert(UInt8(48 + random.below(10)), at: index)
    case 2: bytes.replaceSubrange(index...index, with: Array(random.pick(["9223372036854775807", "-1", "0"]).utf8))
    default: bytes.remove(at: index)
    }
  }

  /// Loop points of a plan, so that a mutated one is not run for hours.
  private static func points(_ plan: Plan) -> Int {
    plan.program.kernels.reduce(0) { total, kernel in
      if case .control(let control) = kernel.kind {
        return plan.programs.reduce(total) { $0 &+ max(control.trips, 1) &* points($1) }
      }
      guard case .loops(let nests) = kernel.kind else { return total }
      return nests.reduce(total) { sum, nest in
        nest.stages.reduce(sum) { $0 &+ nest.extents(of: $1).reduce(1, &*) }
      }
    }
  }
}
