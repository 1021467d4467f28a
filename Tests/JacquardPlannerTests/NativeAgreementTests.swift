import CJacquard
import Foundation
import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// Random graphs are compared in `RandomGraphTests`.
@Suite struct NativeAgreementTests {
  private static func samples() throws -> NativeBatch {
    var batch = NativeBatch()
    for operation in OperationRegistry.standard.operations {
      for (number, sample) in operation.samples.enumerated() {
        let item = try SampleCase(sample, number)
        guard let plan = try? Compiler.compile(item.graph).plan else { continue }
        batch.add(item.description, plan, item.inputs)
      }
    }
    return batch
  }

  @Test("Every operation's samples: the same bytes as the tile machine, for any number of threads")
  func operations() throws {
    let outcome = try Self.samples().outcome(threads: [1, 2, 3, 4])
    #expect(outcome.differences.isEmpty, "\(outcome.text)")
    #expect(outcome.emitted > outcome.refused, "\(outcome.emitted) emitted, \(outcome.refused) not")
  }

  /// Other compilers, and processors that have less than this one; all combinations where `JACQUARD_ISA` is set (`make isa`).
  static let targets: [NativeTarget] = {
    var targets = [NativeTarget(program: "gcc")]
    #if arch(x86_64)
      targets += [NativeTarget(march: "x86-64-v3"), NativeTarget(march: "x86-64")]
      if ProcessInfo.processInfo.environment["JACQUARD_ISA"] != nil {
        targets += ["x86-64-v3", "x86-64"].map { NativeTarget(program: "gcc", march: $0) }
      }
    #endif
    return targets
  }()

  @Test("Other instruction sets and compilers: the same bytes", arguments: targets)
  func otherTargets(_ target: NativeTarget) throws {
    guard try target.compiler() != nil else { return }
    var batch = try Self.samples()
    var random = Random(3)
    for (name, graph) in try Self.training() {
      var inputs: [String: HostTensor] = [:]
      for input in graph.inputs { inputs[input.name] = try random.tensor(input.type, 0, 0.9) }
      batch.add(name, try Compiler.compile(graph).plan, inputs)
    }
    let outcome = try batch.outcome(steps: 2, threads: [2], target: target)
    #expect(outcome.differences.isEmpty, "\(outcome.text)")
    #expect(outcome.emitted > outcome.refused, "\(outcome.emitted) emitted, \(outcome.refused) not")
  }

  /// Whole training steps.
  private static func training() throws -> [(String, Graph)] {
    [
      ("mlp.train", try Models.mlpStep(batch: 19, widths: [37, 21, 10])),
      ("adam", try Models.adamStep()),
      ("cross-entropy", try Models.crossEntropyValueAndGradient()),
      ("layer norm", try Models.layerNorm([9, 33])),
    ]
  }

  @Test("Large results, which are stored past the caches: whole lines, and rows that begin anywhere")
  func largeResults() throws {
    var batch = NativeBatch()
    var random = Random(9)
    for shape in [[1030, 1040], [1031, 1033], [1_100_003]] {
      let builder = GraphBuilder(name: "large")
      let type = TensorType(.f32, Shape(shape))
      let x = try builder.input("x", type)
      try builder.output("y", builder.exp(x))
      try builder.output("rows", builder.softmax(x))
      batch.add("\(shape)", try Compiler.compile(builder.graph).plan, ["x": try random.tensor(type)])
    }
    let outcome = try batch.outcome(threads: [1, 2, 3])
    #expect(outcome.differences.isEmpty && outcome.emitted > 0, "\(outcome.text), \(outcome.emitted) emitted")
  }

  @Test("A guard 2^32 elements away from its array refuses every element")
  func farGuards() throws {
    let builder = GraphBuilder(name: "far")
    let x = try builder.input("x", "f32[4]")
    let wide = try builder.pad(x, low: [1 << 32], high: [0])
    try builder.output("near", try builder.slice(wide, starts: [0], limits: [37]))
    try builder.output("there", try builder.slice(wide, starts: [Dim((1 << 32) - 17)], limits: [Dim((1 << 32) + 4)]))
    var batch = NativeBatch()
    let inputs = ["x": try HostTensor([1, 2, 3, 4] as [Float], [4])]
    batch.add("far", try Compiler.compile(builder.graph, options: Harness.options(fuse: true)).plan, inputs)
    let outcome = try batch.outcome()
    #expect(outcome.differences.isEmpty && outcome.emitted > 0, "\(outcome.text), \(outcome.emitted) emitted")
  }
}

// MARK: - Other processors

extension NativeAgreementTests {
  @Test(
    "JACQUARD_ISA limits the runtime too",
    .enabled(if: ProcessInfo.processInfo.environment["JACQUARD_ISA"] != nil, "JACQUARD_ISA is not set"))
  func runtimeIsLimited() {
    _ = NativeTarget.limitRuntime
    let isBaseline = NativeTarget.standard.march == "x86-64"
    #expect(jq_isa().rawValue <= (isBaseline ? JQ_ISA_BASELINE : JQ_ISA_V3).rawValue)
  }
}

extension NativeAgreementTests {
  /// The compiler for 64-bit ARM, if it can make objects for it.
  static let arm: CCompiler? = {
    guard let found = try? CCompiler.find(),
      // Freestanding: the C library's headers for that processor are hardly there.
      let compiler = try? CCompiler(
        path: found.path, arguments: found.arguments + ["--target=aarch64-linux-gnu", "-ffreestanding"])
    else { return nil }
    return (try? compiles(["#include <stdint.h>\nint32_t f(void) { return 1; }"], compiler)) == nil ? nil : compiler
  }()

  /// Compiles units to objects, without linking them. - Throws: `CompilerFailure`.
  private static func compiles(_ units: [String], _ compiler: CCompiler) throws {
    let trial = try NativeTrial()
    let jobs = try units.enumerated().map { number, text in
      let stem = "\(trial.folder)/\(number)"
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(stem).c"))
      // The first command compiles, the second would link.
      return [CompilerRecipe(isNative: false, linker: "ld").commands(compiler, stem)[0]]
    }
    try withExtendedLifetime(trial) {
      try ProcessPool(environment: ["PATH=/usr/bin:/bin", "LC_ALL=C"], timeLimit: 300).run(jobs)
    }
  }

  @Test(
    "What the graphs of graphs/ emit compiles for 64-bit ARM",
    .enabled(if: arm != nil, "the C compiler has no target aarch64-linux-gnu"))
  func otherProcessor() throws {
    let encoders = try ZooPlanTests.goldens.map { golden in
      try ProgramEncoder(try ZooPlanTests.compilation(golden.name).plan, isNative: true)
    }
    let units = NativeBatch.units(encoders)
    #expect(!units.isEmpty)
    do {
      try Self.compiles(units, try #require(Self.arm))
    } catch let failure as CompilerFailure {
      Issue.record("\(failure.summary)\n\(failure.output.prefix(2000))")
    }
  }
}
