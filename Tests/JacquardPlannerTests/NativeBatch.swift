import CJacquard
import Foundation
import JacquardCore
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// Plans whose emitted functions are compiled together, many to a unit.
struct NativeBatch {
  struct Item {
    let name: String
    let plan: Plan
    let inputs: [String: HostTensor]
  }

  /// What the executors did not agree on.
  struct Outcome {
    /// Names of the plans whose results are not the same bytes, and where.
    var differences: [(name: String, text: String)] = []
    /// Nests that were emitted, and that were not.
    var emitted = 0
    var refused = 0

    var text: String { differences.map { "\($0.name): \($0.text)" }.joined(separator: "; ") }
  }

  private(set) var items: [Item] = []
  private static let functionsPerUnit = 100

  mutating func add(_ name: String, _ plan: Plan, _ inputs: [String: HostTensor]) {
    items.append(Item(name: name, plan: plan, inputs: inputs))
  }

  /// Complete C texts of all functions, each once.
  static func units(_ encoders: [ProgramEncoder]) -> [String] {
    var texts: [String: String] = [:]
    for function in encoders.flatMap({ $0.natives?.functions ?? [] }) { texts[function.source.symbol] = function.text }
    let ordered = texts.sorted { $0.key < $1.key }.map(\.value)
    return stride(from: 0, to: ordered.count, by: functionsPerUnit).map { start in
      NativeNests.head + ordered[start..<min(start + functionsPerUnit, ordered.count)].joined()
    }
  }

  /// Runs each plan by both executors: native with memory that holds nothing filled with NaN, and with several threads.
  ///
  /// - Parameter target: What the functions are compiled for.
  func outcome(steps: Int = 1, threads: [Int] = [1], target: NativeTarget = .standard) throws -> Outcome {
    _ = NativeTarget.limitRuntime
    var outcome = Outcome()
    let encoders = try items.map { try ProgramEncoder($0.plan, isNative: true) }
    let library = try target.load(NativeBatch.units(encoders))
    for (item, encoder) in zip(items, encoders) {
      encoder.natives?.load { library.symbol($0) }
      let program = NativeProgram(encoder: encoder, library: library)
      let vm = try Harness.vm(item.plan, item.inputs, steps: steps)
      for (position, count) in threads.enumerated() {
        let native = try run(item, program, count, steps, poisons: position == 0)
        guard let text = NativeBatch.difference(native, vm) else { continue }
        outcome.differences.append((item.name, "\(text) (\(count) threads)"))
        break
      }
    }
    outcome.emitted = encoders.reduce(0) {
      $0 + ($1.natives?.functions.reduce(0) { $0 + $1.kernels.count } ?? 0)
    }
    outcome.refused = encoders.reduce(0) { $0 + ($1.natives?.refusals.count ?? 0) }
    return outcome
  }

  private func run(
    _ item: Item, _ program: NativeProgram, _ threads: Int, _ steps: Int, poisons: Bool
  ) throws -> Results {
    let runner = try PlanRunner(plan: item.plan, threads: threads)
    runner.install(program)
    runner.poisonsFreedMemory = poisons
    let updated = item.plan.inputs.filter(\.isUpdated).map(\.name)
    return try Harness.run(runner, updated: updated, item.inputs, steps)
  }

  /// The first result that differs, and where.
  private static func difference(_ native: Results, _ vm: Results) -> String? {
    for (name, expected) in vm.sorted(by: { $0.key < $1.key }) {
      guard let result = native[name] else { return "\(name) is missing" }
      if let place = result.firstDifference(from: expected) { return "\(name) at \(place)" }
    }
    return nil
  }
}

extension HostTensor {
  /// The first element whose bytes differ, with both values. Which of two NaN an addition gives is not defined: they count as one.
  fileprivate func firstDifference(from other: HostTensor) -> String? {
    let size = dtype.byteSize
    let place = withUnsafeBytes { own in
      other.withUnsafeBytes { bytes in
        (0..<count).first { element in
          guard (element * size..<(element + 1) * size).contains(where: { own[$0] != bytes[$0] }) else { return false }
          return !(dtype.isFloat && self[linear: element].asDouble.isNaN && other[linear: element].asDouble.isNaN)
        }
      }
    }
    return place.map { "\($0): \(self[linear: $0]) instead of \(other[linear: $0])" }
  }
}

/// A compiler and the instruction set that it compiles for.
struct NativeTarget: Sendable, CustomStringConvertible {
  /// A name in `PATH`; nil for the compiler that Jacquard finds.
  var program: String?
  /// The set, as `-march` knows it; nil for all that this processor has.
  var march: String?
  /// A fault put into every function: a text, and what stands in its place.
  var fault: [String] = []

  var description: String { "\(program ?? "the compiler found"), \(march ?? "this processor")" }

  /// What the tests are run for: `JACQUARD_ISA=baseline|v3` limits emitted code and the runtime to an instruction set.
  static let standard: NativeTarget = {
    switch ProcessInfo.processInfo.environment["JACQUARD_ISA"] {
    case "baseline": NativeTarget(march: "x86-64")
    case "v3": NativeTarget(march: "x86-64-v3")
    default: NativeTarget()
    }
  }()

  /// Limits the runtime as `standard` says, once.
  static let limitRuntime: Void = {
    switch ProcessInfo.processInfo.environment["JACQUARD_ISA"] {
    case "baseline": jq_isa_limit(JQ_ISA_BASELINE)
    case "v3": jq_isa_limit(JQ_ISA_V3)
    default: break
    }
  }()

  /// The compiler; nil if this machine does not have it.
  func compiler() throws -> CCompiler? {
    let found = try CCompiler.find()
    guard let program else { return found }
    let path = ProgramSearch(ProcessInfo.processInfo.environment).find(program)
    return try path.map { try CCompiler(path: $0) }
  }

  /// Compiles and loads units; nothing is kept.
  func load(_ texts: [String]) throws -> NativeLibrary {
    let trial = try NativeTrial()
    let units = fault.isEmpty ? texts : texts.map { faulty($0) }
    let plain = try #require(try compiler())
    guard let march else { return try trial.load(units, plain) }
    let compiler = try CCompiler(
      path: plain.path, arguments: plain.arguments + ["-march=\(march)"], timeLimit: plain.timeLimit)
    // The recipe without an instruction set of its own.
    let recipe = CompilerRecipe(isNative: false, linker: nil)
    let work = units.enumerated().map { NativeBuild.Unit(name: "u\($0.offset)", source: $0.element, key: "") }
    let objects = try withExtendedLifetime(trial) {
      try compiler.compile(work, recipe, in: trial.folder).map { try LoadedObject($0, name: "u", compiler: compiler) }
    }
    return NativeLibrary(objects, compiled: units.count, seconds: 0, note: nil)
  }

  private func faulty(_ unit: String) -> String {
    NativeNests.head + unit.dropFirst(NativeNests.head.count).replacingOccurrences(of: fault[0], with: fault[1])
  }
}
