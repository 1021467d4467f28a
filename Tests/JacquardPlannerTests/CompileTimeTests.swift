import Foundation
import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardPlanner

/// Large graphs compile in time that grows with their size, not its square.
@Suite(.serialized) struct CompileTimeTests {
  static let nodes = 10_000

  static func chain(_ count: Int) throws -> Graph {
    try graph("chain") { b in
      var x = try b.input("x", "f32[64,64]")
      let y = try b.input("y", "f32[64,64]")
      for index in 0..<count {
        switch index % 4 {
        case 0: x = try b.add(x, y)
        case 1: x = try b.tanh(x)
        case 2: x = try b.multiply(x, y)
        default: x = try b.sin(x)
        }
      }
      try b.output("z", x)
    }
  }

  /// Pairs are added up until one is left.
  static func tree(_ count: Int) throws -> Graph {
    try graph("tree") { b in
      let x = try b.input("x", "f32[64,64]")
      var level: [ValueID] = []
      for index in 0..<(count / 3) { level.append(try b.sin(b.multiply(x, b.constant(Double(index + 2), .f32)))) }
      while level.count > 1 {
        var next: [ValueID] = []
        for index in stride(from: 0, to: level.count - 1, by: 2) {
          next.append(try b.add(level[index], level[index + 1]))
        }
        if level.count % 2 == 1 { next.append(level[level.count - 1]) }
        level = next
      }
      try b.output("y", level[0])
    }
  }

  /// Operands at random among the last values; every fifth node is a reduction.
  static func dag(_ count: Int) throws -> Graph {
    try graph("dag") { b in
      var random = Random(1)
      var full = [try b.input("x", "f32[64,64]"), try b.input("y", "f32[64,64]")]
      var rows = [try b.input("r", "f32[64,1]")]
      for index in 0..<count {
        let x = full[max(full.count - 1 - random.below(50), 0)]
        if index % 5 == 0 {
          rows.append(try b.sum(x, axes: [1], keepDims: true))
          continue
        }
        let y = index % 5 == 1 ? rows[rows.count - 1] : full[max(full.count - 1 - random.below(50), 0)]
        switch random.below(4) {
        case 0: full.append(try b.add(x, y))
        case 1: full.append(try b.multiply(x, y))
        case 2: full.append(try b.tanh(b.subtract(x, y)))
        default: full.append(try b.maximum(x, y))
        }
      }
      for (k, value) in full.suffix(40).enumerated() { try b.output("z\(k)", value) }
    }
  }

  @Test(arguments: ["chain", "tree", "dag"]) func tenThousandNodes(_ name: String) throws {
    let graph: Graph
    switch name {
    case "chain": graph = try CompileTimeTests.chain(CompileTimeTests.nodes)
    case "tree": graph = try CompileTimeTests.tree(CompileTimeTests.nodes)
    default: graph = try CompileTimeTests.dag(CompileTimeTests.nodes)
    }
    // Time of this thread alone: other processes may hold the cores.
    let start = CompileTimeTests.threadSeconds()
    let compilation = try Compiler.compile(graph)
    let elapsed = CompileTimeTests.threadSeconds() - start
    let report = compilation.times.map { "\($0.step) \(Int($0.milliseconds)) ms" }.joined(separator: ", ")
    #if DEBUG
      let limit = 60.0
    #else
      let limit = 2.0
    #endif
    #expect(elapsed < limit, "\(name) of \(graph.nodes.count) nodes took \(elapsed) s: \(report)")
  }

  private static func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
