import Foundation
import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// That the sanitizers of a process (`make sanitize`) watch emitted C too.
@Suite struct SanitizerTests {
  private static func has(_ symbol: String) -> Bool { dlsym(nil, symbol) != nil }
  static let sanitizers = [("address", "__asan_init"), ("thread", "__tsan_init")].filter { has($0.1) }.map(\.0)
  static let hasAddress = sanitizers.contains("address")

  @Test("Emitted C is compiled with the process's sanitizers", .enabled(if: !sanitizers.isEmpty, "no sanitizer here"))
  func areInEmittedC() throws {
    for name in Self.sanitizers {
      let unit = "long has(void) { return __has_feature(\(name)_sanitizer); }\n"
      #expect(NativeTrial.call(try NativeTrial().load([unit]), "has") == 1, "\(name)")
    }
  }

  /// exp of 48 numbers, three vectors: one of an input, one in the arena.
  private static func run(fault: [String]) throws {
    let graph = try graph { b in try b.output("y", b.exp(b.input("x", "f32[48]"))) }
    var random = Random(1)
    var batch = NativeBatch()
    batch.add("exp", try Compiler.compile(graph).plan, ["x": try random.tensor("f32[48]")])
    var target = NativeTarget.standard
    target.fault = fault
    _ = try batch.outcome(target: target)
  }

  @Test(
    "AddressSanitizer ends a process whose emitted C leaves an array", .enabled(if: hasAddress, "not in this process"))
  func leavesAnArray() async throws {
    try Self.run(fault: [])
    let read = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try Self.run(fault: ["jqn_in(p0 + ", "jqn_in(p0 + 16 + "])
    }
    let written = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try Self.run(fault: ["jqn_out(p1 + ", "jqn_out(p1 + 16 + "])
    }
    for (result, what) in [(read, "READ of size"), (written, "WRITE of size")] {
      let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(said.contains("ERROR: AddressSanitizer") && said.contains(what), "\(said)")
    }
  }

  @Test(
    "UndefinedBehaviorSanitizer ends a process whose emitted C shifts too far",
    .enabled(if: hasAddress, "not in this process"))
  func undefinedBehaviour() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try Self.run(fault: ["const int m = ", "volatile int far = 40; far = 1 << far; const int m = "])
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("shift exponent 40 is too large"), "\(said)")
  }

  @Test(
    "ThreadSanitizer ends a process in which threads do not meet between kernels",
    .enabled(if: sanitizers.contains("thread"), "not in this process"))
  func missingBarriers() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let graph = try graph { b in
        let x = try b.tanh(b.matmul(b.input("x", "f32[200,50]"), b.input("w", "f32[50,60]")))
        try b.output("y", b.exp(b.sum(b.tanh(b.matmul(x, b.input("v", "f32[60,40]"))), axes: [0])))
      }
      var plan = try Compiler.compile(graph).plan
      plan.barriers = plan.barriers.map { _ in false }
      var random = Random(1)
      var inputs: [String: HostTensor] = [:]
      for input in plan.inputs { inputs[input.name] = try random.tensor(input.type) }
      var batch = NativeBatch()
      batch.add("racing", plan, inputs)
      _ = try batch.outcome(steps: 20, threads: [1, 2])
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("ThreadSanitizer: data race"), "\(said)")
  }
}
