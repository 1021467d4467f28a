import CJacquard
import Foundation
import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

@Suite(.serialized) struct RuntimeTests {
  private func failure(_ plan: Plan, _ inputs: [String: HostTensor], threads: Int) throws -> String {
    do {
      _ = try Harness.vm(plan, inputs, threads: threads)
      return "no error"
    } catch let error as Diagnostic {
      return error.description
    }
  }

  @Test(arguments: ["gather", "takeAlongAxis", "scatterAdd", "scatterElements"]) func badIndexIsNamed(
    _ operation: String
  ) throws {
    let graph = try graph { b in
      let x = try b.input("x", "f32[50,64]")
      let wide = operation == "takeAlongAxis" || operation == "scatterElements"
      let i = try b.input("i", wide ? "i32[4000,64]" : "i32[4000]")
      switch operation {
      case "gather": try b.output("y", b.name(of: b.gather(x, i, axis: 0), "lookup"))
      case "takeAlongAxis": try b.output("y", b.name(of: b.takeAlongAxis(x, i, axis: 0), "lookup"))
      default:
        let u = try b.input("u", "f32[4000,64]")
        let scattered = wide ? try b.scatterElements(x, i, u, axis: 0) : try b.scatterAdd(x, i, u, axis: 0)
        try b.output("y", b.name(of: scattered, "lookup"))
      }
    }
    let plan = try Compiler.compile(graph).plan
    var inputs: [String: HostTensor] = [:]
    for input in graph.inputs {
      inputs[input.name] = try HostTensor(zeros: input.type.dtype, input.type.shape.sizes ?? [])
    }
    let count = inputs["i"]?.count ?? 0
    for (place, value) in [(count - 1, Int64(-7)), (count / 2 + 1, 50), (count / 3, 77), (count - 5, 1 << 30)] {
      inputs["i"]?[linear: place] = .int(value)
    }
    let first = try failure(plan, inputs, threads: 1)
    #expect(first.contains("lookup") && first.contains("index 77 ") && first.contains("0..<50"), "\(first)")
    for threads in [2, 3, 4, 16] {
      for _ in 0..<20 {
        let other = try failure(plan, inputs, threads: threads)
        #expect(other == first, "\(threads) threads")
      }
    }
  }

  /// A part as large as the whole can only begin at its first element: nothing of its place is left to run time.
  @Test(arguments: ["f32[2,3]", "f64[7]", "i32[3,1,5]"] as [TensorType]) func updateCoversItsBase(_ type: TensorType)
    throws
  {
    let sizes = try #require(type.shape.sizes)
    let graph = try graph { b in
      let (x, update) = (try b.input("x", type), try b.input("u", type))
      let starts = try b.input("s", TensorType(.i64, [Dim(sizes.count)]))
      try b.output("y", b.dynamicUpdateSlice(x, update, starts))
    }
    let zeros = try HostTensor(zeros: type.dtype, sizes)
    var update = zeros
    for place in 0..<update.count {
      update[linear: place] = type.dtype.isFloat ? .float(Double(place + 1)) : .int(Int64(place + 1))
    }
    let starts = try HostTensor([Int64](repeating: 9, count: sizes.count), [sizes.count])
    let result = try Harness.vm(Compiler.compile(graph).plan, ["x": zeros, "u": update, "s": starts], threads: 2)
    #expect(result["y"] == update)
  }

  /// Two independent lookups that run in one kernel: the first in the program counts.
  @Test func firstOfTwoBadLookupsIsNamed() throws {
    let graph = try graph { b in
      let x = try b.input("x", "f32[5,64]")
      for k in 0..<4 {
        let i = try b.input("i\(k)", "i64[600]")
        try b.output("y\(k)", b.name(of: b.gather(x, i, axis: 0), "lookup\(k)"))
      }
    }
    let plan = try Compiler.compile(graph).plan
    var inputs: [String: HostTensor] = ["x": try HostTensor(zeros: .f32, [5, 64])]
    for k in 0..<4 {
      var places = try HostTensor(zeros: .i64, [600])
      places[linear: 3] = .int(Int64(90 + k))
      inputs["i\(k)"] = places
    }
    let first = try failure(plan, inputs, threads: 1)
    for _ in 0..<50 {
      let other = try failure(plan, inputs, threads: 2)
      #expect(other == first)
    }
  }

  @Test func twoThreadsReallyRun() throws {
    let plan = try Compiler.compile(Models.mlpStep(batch: 128)).plan
    let runner = try PlanRunner(plan: plan, threads: 2)
    for input in plan.inputs { try runner.bind(input.name, TensorStorage(zeros: input.type)) }
    runner.isProfiling = true
    var tiles = [0, 0]
    for _ in 0..<20 {
      try runner.run()
      #expect(runner.threadsUsed == 2)
      for span in runner.profile.events {
        tiles[span.thread] += span.tiles
        #expect(span.end >= span.start)
      }
    }
    #expect(tiles[0] > 0 && tiles[1] > 0, "tiles of each thread: \(tiles)")
  }

  @Test func aSmallPlanRunsOnOneThread() throws {
    let plan = try Compiler.compile(Models.rowFunction("small", [4, 4]) { try $0.softmax($1) }).plan
    let runner = try PlanRunner(plan: plan)
    try runner.bind("x", TensorStorage(zeros: "f32[4,4]"))
    try runner.run()
    #expect(runner.threadsUsed == 1)
  }

  private static func threadCount() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
  }

  @Test func manyCallersShareOneTeam() async throws {
    let plan = try Compiler.compile(Models.mlpStep(batch: 16, widths: [64, 32, 10])).plan
    let cores = ProcessInfo.processInfo.activeProcessorCount
    var random = Random(2)
    var inputs: [String: HostTensor] = [:]
    for input in plan.inputs where input.type.dtype == .f32 { inputs[input.name] = try random.tensor(input.type, 0, 1) }
    inputs["y"] = try HostTensor(zeros: .i32, [16])
    let given = inputs
    let expected = try Harness.vm(plan, given, threads: 2, steps: 5)
    let before = RuntimeTests.threadCount()
    let (wrong, most) = await withTaskGroup(of: (Int, Int).self) { group in
      for _ in 0..<64 {
        group.addTask {
          let results = try? Harness.vm(plan, given, threads: 2, steps: 5)
          let same = results.map { firstDifference($0, expected) == nil } ?? false
          return (same ? 0 : 1, RuntimeTests.threadCount())
        }
      }
      var (wrong, most) = (0, 0)
      for await result in group { (wrong, most) = (wrong + result.0, max(most, result.1)) }
      return (wrong, most)
    }
    #expect(wrong == 0)
    // Swift's own pool has a thread a core.
    #expect(most <= before + cores + 4, "\(before) threads before, \(most) at most")
  }

  @Test func aMissingInputIsNamed() throws {
    let plan = try Compiler.compile(Models.rowFunction("f", [4]) { try $0.sin($1) }).plan
    let runner = try PlanRunner(plan: plan)
    #expect(throws: Diagnostic("input 'x' is missing")) { try runner.run() }
    #expect(throws: Diagnostic.self) { try runner.bind("z", TensorStorage(zeros: "f32[4]")) }
    #expect(throws: Diagnostic.self) { try runner.bind("x", TensorStorage(zeros: "f32[5]")) }
    #expect(throws: Diagnostic.self) { try runner.output("z") }
    #expect(throws: Diagnostic.self) { try PlanRunner(plan: plan, threads: 0) }
    #expect(throws: Diagnostic.self) { try PlanRunner(plan: plan, threads: 65) }
  }

  /// Every 4001st float; `make ulp` measures them all.
  @Test func functionsAreWithinTwoUnits() {
    let stride = ProcessInfo.processInfo.environment["JACQUARD_ULP_STRIDE"].flatMap { UInt32($0) } ?? 4001
    let functions = [
      JQ_EXP, JQ_EXPM1, JQ_LOG, JQ_LOG1P, JQ_TANH, JQ_SIGMOID, JQ_ERF, JQ_SIN, JQ_COS, JQ_SQRT, JQ_RSQRT, JQ_TAN,
      JQ_ASIN, JQ_ACOS, JQ_ATAN, JQ_SINH, JQ_COSH, JQ_ASINH, JQ_ACOSH, JQ_ATANH, JQ_ERFC, JQ_LGAMMA,
    ]
    for (number, function) in functions.enumerated() {
      var input: Float = 0
      var worst = 0.0
      #expect(jq_ulp_scan(function, UInt32(number), stride, &input, &worst) == 0)
      #expect(worst <= 2, "function \(function.rawValue) is \(worst) units off at \(input)")
    }
  }
}

extension GraphBuilder {
  /// The value, with a name for its node.
  func name(of value: ValueID, _ name: String) throws -> ValueID {
    try self.name(value, name)
    return value
  }
}
