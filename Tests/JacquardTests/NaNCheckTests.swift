import Foundation
import Jacquard
import JacquardPlanner
import JacquardRuntime
import Testing

/// The maker of the first value that is not a number is named, alike by every executor.
@Suite struct NaNCheckTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Parts of the error: how it begins, and what else it says.
    let start: String
    let parts: [String]
    /// Declares the graph and gives the line that is to be named.
    let build: @Sendable (GraphContext) -> Int

    init(
      _ description: String, _ start: String, _ parts: [String] = [],
      _ build: @escaping @Sendable (GraphContext) -> Int
    ) {
      (testDescription, self.start, self.parts, self.build) = (description, start, parts, build)
    }
  }

  static let x = [Float](arrayLiteral: 0, 1, 2, 3, 4, -4)

  static let cases: [Case] = [
    Case(
      "inside a fused kernel", "root: sqrt makes NaN: 1 of 6 elements, the first at [1,2]; scope net",
      ["; x f32[2,3]: min -4.000, max 4.000, not finite 0"]
    ) { g in
      let x = g.input("x", Float.self, [2, 3])
      let (root, line) = g.scope("net") { (sqrt(x).named("root"), #line) }
      g.output("y", exp(root * 2 + 1))
      return line
    },
    Case("the first of two in one kernel", "root: sqrt makes NaN: 1 of 6") { g in
      let x = g.input("x", Float.self, [2, 3])
      let (root, line) = (sqrt(x).named("root"), #line)
      g.output("y", exp(root * 2) + log(x - 3).named("second"))
      return line
    },
    Case(
      "infinities are none, their difference is", "gap: subtract makes NaN: 4 of 6 elements, the first at [0,1]",
      ["not finite 4"]
    ) { g in
      let x = g.input("x", Float.self, [2, 3])
      let (large, larger) = (exp(x * 100), exp(x * 101))
      let (gap, line) = g.scope("s") { ((large - larger).named("gap"), #line) }
      g.output("y", tanh(gap))
      return line
    },
    Case("in the epilogue of a product", "root: log makes NaN: 8 of 8", ["h f32[2,4]: min -2.000, max -2.000"]) { g in
      let x = g.input("x", Float.self, [2, 3])
      let w = g.parameter("w", Float.self, [3, 4], Initializer(.constant, value: 1))
      let h = (matmul(x, w) - 5).named("h")
      let (root, line) = (log(h).named("root"), #line)
      g.output("y", tanh(root) * 2)
      return line
    },
    Case(
      "of a value that was written over", "root: log makes NaN: 2 of 6 elements, the first at [0,0]",
      ["h f32[2,3]: min -1.000, max 5.000"]
    ) { g in
      let x = g.input("x", Float.self, [2, 3])
      let h = (x - 1).cumulativeSum(axis: 1).named("h")
      let (root, line) = (log(h).named("root"), #line)
      g.output("y", root.cumulativeSum(axis: 1))
      return line
    },
    Case("in a loop", "y: root: sqrt", [": root: sqrt makes NaN: 1 of 3 elements, the first at [2]"]) { g in
      let x = g.input("x", Float.self, [2, 3])
      var line = 0
      let (last, _) = scan(g.constant([Float](repeating: 0, count: 3)), over: x) { carry, row in
        let root: Tensor<Float>
        (root, line) = (sqrt(row).named("root"), #line)
        return (carry + root, root)
      }
      g.output("y", last)
      return line
    },
    Case("in a branch", "y: root: sqrt", ["x0 f32[2,3]"]) { g in
      let x = g.input("x", Float.self, [2, 3])
      var line = 0
      let y = cond(x.sum().greater(than: 0)) {
        let root: Tensor<Float>
        (root, line) = (sqrt(x).named("root"), #line)
        return root
      } else: {
        x
      }
      g.output("y", y)
      return line
    },
    Case("in doubles", "root: log makes NaN: 1 of 6 elements, the first at [1,2]", ["h f64[2,3]: min -4.000"]) { g in
      let x = g.input("x", Float.self, [2, 3])
      let h = x.cast(to: Double.self).named("h")
      let (root, line) = (log(h).named("root"), #line)
      g.output("y", root.cast(to: Float.self))
      return line
    },
    Case("what an update writes in place", "new: log makes NaN: 1 of 3 elements, the first at [2]") { g in
      let x = g.input("x", Float.self, [2, 3])
      let state = g.state("s", Float.self, [3], Initializer(.constant, value: -1))
      let (new, line) = (log(state + x.sum(0)).named("new"), #line)
      g.update(state, to: new)
      g.output("y", x.sum())
      return line
    },
  ]

  static let executors: [ExecutorKind] = [.vm, .native, .reference]

  static func session(_ graph: Graph, _ executor: ExecutorKind, checks: Bool) throws -> Session {
    try Session(graph, ParameterStore(), options: Session.Options(executor: executor, checksNaN: checks))
  }

  @Test(arguments: cases, executors) func theMakerIsNamed(_ item: Case, _ executor: ExecutorKind) throws {
    var line = 0
    let graph = try Graph("g") { line = item.build($0) }
    let x = ["x": try HostTensor(Self.x, [2, 3])]
    let session = try Self.session(graph, executor, checks: true)
    let error = #expect(throws: Diagnostic.self) { try session.step(x) }
    let text = error?.description ?? ""
    #expect(text.hasPrefix(item.start) && item.parts.allSatisfy { text.contains($0) }, "\(text)")
    #expect(error?.site == SourceSite(file: #fileID, line: line) && error?.kind == .runtime, "\(text)")
    // Off, the step runs to its end.
    #expect(try Self.session(graph, executor, checks: false).step(x)["y"] != nil)
  }

  /// A graph without a fault runs, whatever lies in memory; NaN that a kernel throws away is seen only where every value is stored.
  @Test(arguments: executors) func whatIsNoFault(_ executor: ExecutorKind) throws {
    let graph = try Graph("g") { g in
      let x = g.input("x", Float.self, [2, 3])
      g.output("guarded", select(x.greater(than: 0), log(x), x))
      g.output("infinite", log(abs(x) * 0))
    }
    let session = try Self.session(graph, executor, checks: true)
    let x = ["x": try HostTensor(Self.x, [2, 3])]
    if executor == .reference {
      let error = #expect(throws: Diagnostic.self) { try session.step(x) }
      #expect(error?.description.contains("log makes NaN: 1 of 6") ?? false)
    } else {
      let expected = try Self.session(graph, executor, checks: false).step(x)
      #expect(try session.step(x) == expected)
      #expect(expected["infinite"]?.statistics.infinityCount == 6)
    }
  }

  @Test(arguments: executors) func anInputWithNaNIsNamed(_ executor: ExecutorKind) throws {
    let line = #line + 2
    let graph = try Graph("g") { g in
      let x = g.input("x", Float.self, [2, 3])
      g.output("y", x + 1)
    }
    let x = try HostTensor([1, 2, 3, 4, .nan, 5] as [Float], [2, 3])
    let error = #expect(throws: Diagnostic.self) { try Self.session(graph, executor, checks: true).step(["x": x]) }
    let expected = "input 'x': holds NaN before the step: 1 of 6 elements, the first at [1,1] (\(#fileID):\(line))"
    #expect(error?.description == expected)
  }

  /// A step that replaced a parameter before the fault leaves the session failed; one that did not may be tried again.
  @Test func aFailedStepIsAsAfterOtherErrors() throws {
    let graph = try Graph("g") { g in
      let x = g.input("x", Float.self, [2, 3])
      g.output("y", sqrt(x))
    }
    let session = try Self.session(graph, .vm, checks: true)
    #expect(throws: Diagnostic.self) { try session.step(["x": try HostTensor(Self.x, [2, 3])]) }
    #expect(try session.step(["x": HostTensor(Self.x.map(Swift.abs), [2, 3])])["y"]?.firstNaN == nil)
  }

  /// A plan knows the kernel and its nodes.
  @Test(arguments: [ExecutorKind.vm, .native]) func aPlanNamesTheKernel(_ executor: ExecutorKind) throws {
    let line = #line + 3
    let graph = try Graph("g") { g in
      let x = g.input("x", Float.self, [2, 3])
      let root = sqrt(x).named("root")
      g.output("y", exp(root * 2))
    }
    let runner = try PlanRunner(plan: Compiler.compile(graph).plan, executor: executor)
    runner.nanCheck = NaNCheck(runner.plan)
    try runner.bind("x", TensorStorage(try HostTensor(Self.x, [2, 3])))
    let text = #expect(throws: Diagnostic.self) { try runner.run() }?.description ?? ""
    let parts = ["kernel 0 '", "makes NaN in 'y': 1 of 6", "sqrt 'root' (\(#fileID):\(line))", "; x f32[2,3]: min -4"]
    for part in parts { #expect(text.contains(part), "\(text)") }
  }
}
