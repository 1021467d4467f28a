import Jacquard
import JacquardCore
import JacquardFiles
import JacquardPlanner
import JacquardRuntime

/// What is left out of the compiler and the executor.
struct LeftOut {
  var options = CompileOptions()
  /// Whether no C is emitted.
  var isNativeLeftOut = false

  static let native = "native"

  /// Names and explanations of all that can be left out.
  static let parts: [(name: String, explanation: String)] =
    CompilerPart.all.map { ($0.name, $0.explanation) } + [(native, "loops run as C compiled for this machine")]

  /// - Parameter names: of parts, or of rewrite rules.
  /// - Throws: `Diagnostic` that lists the parts if there is none of a name.
  init(_ names: [String]) throws {
    for name in names {
      if name == LeftOut.native {
        isNativeLeftOut = true
      } else if let part = CompilerPart(named: name) {
        options = part.leftOut(of: options)
      } else {
        let known = LeftOut.parts.map(\.name).joined(separator: ", ")
        throw Diagnostic(
          "there is no part \(quoted(name)) to leave out; there are \(known), and each rewrite rule", kind: .unsupported
        )
      }
    }
  }

  func executor(_ wanted: ExecutorKind) -> ExecutorKind { isNativeLeftOut && wanted == .native ? .vm : wanted }
}

/// Measures a graph without each part of the compiler in turn, beside the whole compiler.
struct Ablation {
  private let program: StaticProgram
  private let executor: ExecutorKind
  private let threads: Int?
  private let seed: Int
  /// Steps of a turn; nil for about a tenth of a second.
  private let steps: Int?
  /// Turns of each; they alternate, so that both see the same machine.
  private static let rounds = 5

  init(_ subject: Benchmark.Subject, executor: ExecutorKind, threads: Int?, seed: Int, steps: Int?) throws {
    program = try StaticProgram(subject.loaded, path: subject.path, bindings: subject.bindings)
    guard subject.isGraph, executor != .reference else {
      throw Diagnostic(
        "--ablate wants a graph, and an executor that compiles it", kind: .unsupported, place: subject.path)
    }
    (self.executor, self.threads, self.seed, self.steps) = (executor, threads, seed, steps)
  }

  /// One row of the table: a compiler, or what is the same, a plan and an executor.
  struct Row {
    var name: String
    var executor: ExecutorKind
    var kernels: Int
    var barriers: Int
    var joins: Int
    var arena: Int
    /// Milliseconds a step; nil where nothing ran, because plan and executor are those of the whole compiler.
    var median: Double?
    /// Its time over the whole compiler's, the median over the rounds.
    var ratio: Double?
    /// The largest relative difference of an output of the first step from the whole compiler's.
    var difference: Double?
  }

  /// - Parameter progress: called before each row, with its name.
  /// - Returns: first the whole compiler, then each part left out.
  func rows(_ progress: (String) -> Void = { _ in }) throws -> [Row] {
    progress("everything")
    let whole = try Contender(program, executor, threads, seed, CompileOptions())
    let steps = try steps ?? whole.stepsOfATurn()
    var rows: [Row] = []
    var own: [Double] = []
    for part in LeftOut.parts {
      progress(part.name)
      let leftOut = try LeftOut([part.name])
      let kind = leftOut.executor(executor)
      let plan = try program.plan(leftOut.options)
      var row = Row(part.name, kind, plan)
      if plan != whole.runner.plan || kind != executor {
        let other = try Contender(program, kind, threads, seed, leftOut.options)
        let turns = try (0..<Ablation.rounds).map { _ in (try whole.turn(steps), try other.turn(steps)) }
        own += turns.map(\.0)
        row.median = Statistics.median(turns.map(\.1))
        row.ratio = Statistics.median(turns.map { $0.1 / $0.0 })
        row.difference = other.difference(from: whole)
      }
      rows.append(row)
    }
    if own.isEmpty { own = try (0..<Ablation.rounds).map { _ in try whole.turn(steps) } }
    var first = Row("everything", executor, whole.runner.plan)
    (first.median, first.ratio, first.difference) = (Statistics.median(own), 1, 0)
    return [first] + rows
  }

  /// A plan that runs on inputs of its own.
  private struct Contender {
    let runner: PlanRunner
    private let bound: BoundInputs
    /// Of the first step.
    private let outputs: [HostTensor]

    init(
      _ program: StaticProgram, _ executor: ExecutorKind, _ threads: Int?, _ seed: Int, _ options: CompileOptions
    ) throws {
      guard let runner = try program.runner(executor, threads: threads, options: options) as? PlanRunner else {
        throw Diagnostic("executor \(executor.rawValue) runs no plan", kind: .internalError)
      }
      let bound = try BoundInputs(
        program, runner, given: try GivenInputs([]), parameters: nil, synthetic: true, seed: seed)
      try runner.run()
      outputs = try runner.outputNames.map { try runner.output($0) }
      (self.runner, self.bound) = (runner, bound)
    }

    /// Milliseconds of the median step of a turn, after one that warms up.
    func turn(_ steps: Int) throws -> Double {
      try withExtendedLifetime(bound) {
        try runner.run()
        return Statistics.median(try (0..<steps).map { _ in try Benchmark.timed { try runner.run() }.milliseconds })
      }
    }

    func stepsOfATurn() throws -> Int { min(200, max(3, Int(100 / max(try turn(3), 0.001)))) }

    /// The largest difference of an element of an output, over the largest absolute value of that output.
    func difference(from other: Contender) -> Double {
      zip(outputs, other.outputs).map { mine, theirs in
        let pairs = (0..<mine.count).map { (mine[linear: $0].asDouble, theirs[linear: $0].asDouble) }
        let largest = pairs.map { abs($0.1) }.max() ?? 0
        let most = pairs.map { $0.0 == $0.1 || ($0.0.isNaN && $0.1.isNaN) ? 0 : abs($0.0 - $0.1) }.max() ?? 0
        return most == 0 ? 0 : most / max(largest, .leastNormalMagnitude)
      }.max() ?? 0
    }
  }
}

extension Ablation.Row {
  init(_ name: String, _ executor: ExecutorKind, _ plan: Plan) {
    self.init(
      name: name, executor: executor, kernels: plan.program.kernels.count, barriers: plan.barriers.count { $0 },
      joins: plan.memory.joins.count, arena: plan.arenaBytes)
  }

  var json: JSONValue {
    let figures: [(String, JSONValue?)] = [
      ("without", JSONValue(name)), ("executor", JSONValue(executor.rawValue)),
      ("median_ms", median.map(Statistics.json)), ("ratio", ratio.map(Statistics.json)),
      ("kernels", JSONValue(kernels)),
      ("barriers", JSONValue(barriers)), ("in_place_joins", JSONValue(joins)), ("arena_bytes", JSONValue(arena)),
      ("difference", difference.map { JSONValue($0) }),
    ]
    return JSONValue(fields: figures.compactMap { name, value in value.map { (name, $0) } })
  }

  static func text(_ rows: [Ablation.Row]) -> String {
    var table = TextTable([.left] + Array(repeating: .right, count: 7))
    table.add("without", "median ms", "ratio", "kernels", "barriers", "in place", "arena bytes", "difference")
    for (index, row) in rows.enumerated() {
      table.add(
        index == 0 ? "(nothing)" : row.name, row.median.map { NumberText.fixed($0, 4) } ?? "same plan",
        row.ratio.map { NumberText.fixed($0, 3) } ?? "", "\(row.kernels)", "\(row.barriers)", "\(row.joins)",
        NumberText.grouped(row.arena), row.difference.map(NumberText.short) ?? "")
    }
    return table.lines().joined(separator: "\n")
  }
}

extension StaticProgram {
  /// - Throws: `Diagnostic` if the graph cannot be compiled.
  fileprivate func plan(_ options: CompileOptions) throws -> Plan {
    switch content {
    case .graph(let graph): try Compiler.compile(graph, options: options).plan
    case .plan(let plan): plan
    }
  }
}
