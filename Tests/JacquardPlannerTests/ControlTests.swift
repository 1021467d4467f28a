import Foundation
import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import JacquardTransforms
import Testing

@testable import JacquardPlanner
@testable import JacquardRuntime

/// Loops and branches: the same as written out, on any number of threads, at a cost that does not depend on the trips.
@Suite(.serialized) struct ControlTests {
  /// h = tanh(h w + x), the loss is the sum of squares of all h.
  static func recurrent(
    _ b: GraphBuilder, steps: Int, width: Int, batch: Int = 4, dtype: DType = .f32, unrolled: Bool = false
  ) throws -> (loss: ValueID, last: ValueID, wrt: [ValueID]) {
    let h = try b.input("h", TensorType(dtype, Shape([batch, width])))
    let x = try b.input("x", TensorType(dtype, Shape([steps, batch, width])))
    let w = try b.input("w", TensorType(dtype, Shape([width, width])))
    func trip(_ b: GraphBuilder, _ h: ValueID, _ x: ValueID, _ w: ValueID) throws -> (ValueID, ValueID) {
      let next = try b.tanh(b.add(b.matmul(h, w), x))
      return (next, try b.multiply(next, next))
    }
    if !unrolled {
      let result = try b.scan([h], over: [x], constants: [w]) { b, c, x, k in
        let (next, square) = try trip(b, c[0], x[0], k[0])
        return ([next], [square])
      }
      return (try b.sum(result.outputs[0], axes: [0, 1, 2]), result.carries[0], [h, x, w])
    }
    var (last, losses): (ValueID, [ValueID]) = (h, [])
    for step in 0..<steps {
      let slice = try b.slice(x, starts: [Dim(step), 0, 0], limits: [Dim(step + 1), Dim(batch), Dim(width)])
      let (next, square) = try trip(b, last, b.reshape(slice, Shape([batch, width])), w)
      last = next
      losses.append(try b.sum(square, axes: [0, 1]))
    }
    return (try losses.dropFirst().reduce(losses[0]) { try b.add($0, $1) }, last, [h, x, w])
  }

  static func model(
    steps: Int, width: Int, batch: Int = 4, dtype: DType = .f32, unrolled: Bool = false, gradient: Bool = false
  ) throws -> Graph {
    try graph("rnn") { b in
      let (loss, last, wrt) = try recurrent(
        b, steps: steps, width: width, batch: batch, dtype: dtype, unrolled: unrolled)
      try b.output("loss", loss)
      try b.output("last", last)
      if !gradient { return }
      for (index, slope) in try b.gradients(of: loss, withRespectTo: wrt).enumerated() {
        try b.output("g\(index)", slope)
      }
    }
  }

  static func inputs(_ graph: Graph) throws -> [String: HostTensor] {
    var random = Random(5)
    return Dictionary(
      uniqueKeysWithValues: try graph.inputs.map { ($0.name, try random.tensor($0.type, -0.5, 0.5)) })
  }

  @Test(arguments: [DType.f32, .f64]) func scanIsTheLoopWrittenOut(_ dtype: DType) throws {
    let loop = try ControlTests.model(steps: 7, width: 12, dtype: dtype, gradient: true)
    let unrolled = try ControlTests.model(steps: 7, width: 12, dtype: dtype, unrolled: true, gradient: true)
    let inputs = try ControlTests.inputs(loop)
    let expected = try Harness.reference(unrolled, inputs)
    let plan = try Compiler.compile(loop).plan
    try plan.verify()
    let actual = try Harness.vm(plan, inputs, threads: 3, poison: 0xFF)
    let eps = dtype == .f32 ? 1e-4 : 1e-12
    for (name, tensor) in expected {
      let result = try #require(actual[name])
      #expect(Tolerance(relative: eps, absolute: eps).difference(result, tensor) == nil, "\(name)")
    }
  }

  /// The gradient needs the carried values of each trip: they come from the scan that is there already. Nothing is stacked for
  /// results that nobody wants.
  @Test func theGradientAddsOneScan() throws {
    let plan = try Compiler.compile(ControlTests.model(steps: 7, width: 12, gradient: true)).plan
    let controls = plan.program.kernels.filter { if case .control = $0.kind { true } else { false } }
    #expect(controls.count == 2)
  }

  /// Trips long enough for threads to share them.
  @Test func threadsGiveTheSameBytes() throws {
    let loop = try ControlTests.model(steps: 5, width: 192, batch: 96, gradient: true)
    let plan = try Compiler.compile(loop).plan
    let costs = plan.program.kernels.compactMap { kernel in
      if case .control(let control) = kernel.kind { control.tripCost } else { nil }
    }
    #expect(!costs.isEmpty && costs.allSatisfy { $0 > PlanRunner.smallPlan })
    let inputs = try ControlTests.inputs(loop)
    let bytes = try Harness.vm(plan, inputs, threads: 1, poison: 0xFF)
    for threads in 2...16 {
      let other = try Harness.vm(plan, inputs, threads: threads, steps: 2, poison: 0x5A)
      #expect(firstDifference(bytes, other) == nil, "\(threads) threads")
    }
  }

  @Test func memoryAndKernelsDoNotDependOnTheTrips() throws {
    let (few, many) = (try inference(10), try inference(100_000))
    #expect(few.arenaBytes == many.arenaBytes)
    #expect(few.program.kernels.count == many.program.kernels.count)
  }

  /// Only the last value is wanted.
  private func inference(_ steps: Int) throws -> Plan {
    let loop = try graph("inference") { b in
      let h = try b.input("h", "f32[4,16]")
      let w = try b.input("w", "f32[16,16]")
      let result = try b.scan([h], constants: [w], length: Dim(steps)) { b, c, _, k in
        ([try b.tanh(b.matmul(c[0], k[0]))], [])
      }
      try b.output("last", result.carries[0])
    }
    let plan = try Compiler.compile(loop).plan
    try plan.verify()
    return plan
  }

  @Test func compileTimeDoesNotDependOnTheTrips() throws {
    func milliseconds(_ steps: Int) throws -> Double {
      let loop = try ControlTests.model(steps: steps, width: 16, gradient: true)
      return try (0..<5).map { _ in
        let start = ContinuousClock.now
        _ = try Compiler.compile(loop)
        return (ContinuousClock.now - start) / .milliseconds(1)
      }.min() ?? 0
    }
    let (few, many) = (try milliseconds(10), try milliseconds(10_000))
    print("scan with gradient: \(few) ms for 10 trips, \(many) ms for 10000")
    #expect(many < 3 * few + 5)
  }

  @Test func nestedLoopsAndBranches() throws {
    let nested = try graph("nested") { b in
      let x = try b.input("x", "f32[6,3,64]")
      let k = try b.input("k", "f32[64]")
      let outer = try b.scan([k], over: [x]) { b, c, x, _ in
        let inner = try b.scan([c[0]], over: [x[0]]) { b, c, x, _ in
          ([try b.sin(b.add(c[0], x[0]))], [try b.exp(c[0])])
        }
        let isLarge = try b.less(b.constant(0, .f32), b.sum(inner.carries[0], axes: [0]))
        let chosen = try b.cond(isLarge, [inner.carries[0]]) { b, x in
          [try b.negate(x[0])]
        } else: { b, x in
          try b.whileLoop([x[0]], limit: 50) { b, x in
            try b.less(b.sum(x[0], axes: [0]), b.constant(1, .f32))
          } body: { b, x in
            [try b.add(x[0], b.constant(0.25, .f32))]
          }
        }
        return (chosen, [inner.outputs[0]])
      }
      try b.output("last", outer.carries[0])
      try b.output("all", outer.outputs[0])
    }
    let inputs = try ControlTests.inputs(nested)
    #expect(Trial(graph: nested, inputs: inputs).failure() == nil)
  }

  // MARK: Failures

  /// A bad index in trip 3 and a worse one later: the first is reported, whatever the number of threads.
  @Test(arguments: [4, 4096]) func theFirstBadIndexIsReported(_ width: Int) throws {
    let loop = try graph("gather") { b in
      let table = try b.input("table", TensorType(.f32, Shape([8, width])))
      let index = try b.input("index", "i32[6,5]")
      let result = try b.scan([], over: [index], constants: [table]) { b, _, x, k in
        ([], [try b.gather(k[0], x[0], axis: 0)])
      }
      try b.output("rows", result.outputs[0])
    }
    var inputs = try ControlTests.inputs(loop)
    var index = try HostTensor(zeros: .i32, [6, 5])
    index[linear: 17] = .int(9)
    index[linear: 26] = .int(-4)
    inputs["index"] = index
    let plan = try Compiler.compile(loop).plan
    var messages: Set<String> = []
    for threads in 1...4 {
      do {
        _ = try Harness.vm(plan, inputs, threads: threads)
        Issue.record("no failure")
      } catch let error as Diagnostic {
        messages.insert(error.description)
      }
    }
    #expect(messages.count == 1 && messages.first?.contains("index 9 is out of range 0..<8") ?? false, "\(messages)")
    #expect(messages.first?.contains("scan") ?? false)
  }

  /// The condition depends on a value that is not computed after the failure: the loop must end all the same.
  @Test func aLoopEndsAfterAFailure() throws {
    let loop = try graph("search") { b in
      let table = try b.input("table", "f32[8,4096]")
      let start = try b.input("start", "i32[]")
      let result = try b.whileLoop(
        [start, b.reduceMax(table, axes: [0])], constants: [table], limit: 1 << 20
      ) { b, x in
        try b.less(b.constant(-1, .i32), x[0])
      } body: { b, x in
        let row = try b.gather(x[2], b.reshape(x[0], [1]), axis: 0)
        return [try b.add(x[0], b.constant(1, .i32)), try b.reshape(row, [4096])]
      }
      try b.output("row", result[1])
    }
    var inputs = try ControlTests.inputs(loop)
    inputs["start"] = HostTensor(Int32(3))
    let plan = try Compiler.compile(loop).plan
    for threads in 1...4 {
      #expect(throws: Diagnostic.self) { _ = try Harness.vm(plan, inputs, threads: threads) }
    }
  }

  @Test func aLoopThatWouldRunForEverIsRefused() throws {
    let loop = try graph("long") { b in
      let x = try b.input("x", "f32[256,256]")
      let result = try b.scan([x], length: Dim(1 << 30)) { b, c, _, _ in ([try b.matmul(c[0], c[0])], []) }
      try b.output("y", result.carries[0])
    }
    #expect(throws: Diagnostic.self) { _ = try Compiler.compile(loop) }
  }
}
