import Foundation
import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardKernels
import JacquardOps
import Synchronization
import Testing

@testable import JacquardPlanner
@testable import JacquardRuntime

/// Providers and tiles that are measured.
@Suite struct ProductTunerTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Types of x and w.
    let types: (TensorType, TensorType)
    let build: @Sendable (GraphBuilder, ValueID, ValueID) throws -> ValueID

    init(
      _ name: String, _ x: TensorType, _ w: TensorType,
      _ build: @escaping @Sendable (GraphBuilder, ValueID, ValueID) throws -> ValueID = { try $0.dot($1, $2) }
    ) {
      (testDescription, types, self.build) = (name, (x, w), build)
    }

    func graph() throws -> Graph {
      try JacquardPlannerTests.graph("tuned") { b in
        let (x, w) = (try b.input("x", types.0), try b.input("w", types.1))
        try b.output("y", build(b, x, w))
      }
    }

    func inputs() throws -> [String: HostTensor] {
      var random = Random(7)
      return ["x": try random.tensor(types.0, -4, 4), "w": try random.tensor(types.1, -4, 4)]
    }
  }

  private static let padded = ConvGeometry(rank: 2, low: [1, 1], high: [1, 1])

  static let forms = [
    Form("a product", "f32[130,200]", "f32[200,300]"),
    Form("few rows", "f32[3,512]", "f32[512,700]"),
    Form("rows reduced on the tiles", "f32[700,64]", "f32[64,200]") { try $0.softmax($0.dot($1, $2), axis: 1) },
    Form("the right operand transposed, an activation", "f32[96,160]", "f32[260,160]") { b, x, w in
      try b.relu(b.dot(x, b.transpose(w, [1, 0])))
    },
    Form("a batch", "f32[5,90,70]", "f32[5,70,110]") { try $0.matmul($1, $2) },
    Form("a long k in parts", "f32[40,4096]", "f32[4096,48]"),
    Form("f64", "f64[120,90]", "f64[90,150]"),
    Form("whole numbers", "i32[90,120]", "i32[120,100]"),
    Form("minimal filtering", "f32[4,16,28,28]", "f32[24,16,3,3]") { try $0.conv($1, $2, padded) },
    Form("windows where minimal filtering is possible", "f32[3,8,24,24]", "f32[12,8,3,3]") {
      try $0.conv($1, $2, padded)
    },
    Form("windows of odd lines, sums of channels", "f32[4,5,31,31]", "f32[16,5,3,3]") { b, x, w in
      try b.sum(b.conv(x, w, padded), axes: [0, 2, 3])
    },
    Form("the gradient of a kernel", "f32[4,16,30,30]", "f32[4,32,30,30]") { b, x, g in
      try b.convWeightGradient(x, g, kernel: [3, 3], padded)
    },
  ]

  /// Every choice that could be measured makes a sound plan with the results of the reference, to the same bytes by both executors and
  /// several threads.
  @Test(arguments: forms) func allCandidatesAgree(_ form: Form) throws {
    let graph = try form.graph()
    let inputs = try form.inputs()
    let expected = try #require(try Harness.reference(graph, inputs)["y"])
    let products = TunedProduct.all(of: try Compiler.compile(graph))
    let product = try #require(products.first)
    #expect(product.candidates.count > 1 && Set(product.candidates).count == product.candidates.count)
    let size = (0..<expected.count).reduce(1.0) { max($0, abs(expected[linear: $1].asDouble)) }
    let eps = expected.dtype == .f64 ? 1e-12 : 1e-4
    var batch = NativeBatch()
    var failures: [String] = []
    for tiling in product.candidates {
      var alone = product.form
      alone.tiling = tiling
      try Plan(product: alone).verify()
      var options = CompileOptions()
      options.tilings = [product.form: tiling]
      let plan = try Compiler.compile(graph, options: options).plan
      try plan.verify()
      let result = try #require(try Harness.vm(plan, inputs, threads: 2)["y"])
      let difference = Tolerance(relative: eps, absolute: eps * size).difference(result, expected)
      if let difference { failures.append("\(tiling): \(difference)") }
      batch.add("\(tiling)", plan, inputs)
    }
    #expect(failures == [])
    #expect(try batch.outcome(threads: [1, 3]).text == "")
  }

  @Test func bothWaysOfConvolutionsAreCandidates() throws {
    for name in ["minimal filtering", "windows where minimal filtering is possible"] {
      let form = try #require(Self.forms.first { $0.testDescription == name })
      let product = try #require(TunedProduct.all(of: try Compiler.compile(form.graph())).first)
      #expect(Set(product.candidates.map(\.provider)) == [.blocks, .winograd])
    }
  }

  /// What is joined to a product without measuring stays so.
  @Test(arguments: forms) func noCandidateDrivesRowReductionsOut(_ form: Form) throws {
    let graph = try form.graph()
    let plain = try Compiler.compile(graph)
    for product in TunedProduct.all(of: plain) {
      for tiling in product.candidates {
        var options = CompileOptions()
        options.tilings = [product.form: tiling]
        let kernels = try Compiler.compile(graph, options: options).plan.program.kernels
        #expect(kernels.count <= plain.plan.program.kernels.count, "\(tiling)")
      }
    }
  }

  @Test(arguments: [
    Tiling(provider: .blocks, rows: 0, columns: 32), Tiling(provider: .blocks, rows: 32, columns: -32),
    Tiling(provider: .blocks, rows: 32, columns: 1 << 40), Tiling(provider: .blocks, rows: 8, columns: 24),
    Tiling(provider: .openBLAS, rows: 32, columns: 32), Tiling(provider: .winograd, rows: 130, columns: 300),
  ])
  func tilesThatDoNotFitAreRefused(_ tiling: Tiling) throws {
    let graph = try Self.forms[0].graph()
    var options = CompileOptions()
    options.tilings = [try #require(TunedProduct.all(of: try Compiler.compile(graph)).first).form: tiling]
    let error = #expect(throws: Diagnostic.self) { try Compiler.compile(graph, options: options) }
    #expect(error.map { "\($0)".contains("kernel 0 'dot'") } == true)
  }

  // MARK: Choices

  /// A clock by which a plan takes the seconds that a function of its tiles says, and that counts how often it is asked.
  private final class FalseClock: Sendable {
    let samples = Mutex(0)
    let rule: @Sendable (Tiling, _ sample: Int) -> Double

    init(_ rule: @escaping @Sendable (Tiling, _ sample: Int) -> Double) { self.rule = rule }

    var stopwatch: Stopwatch {
      Stopwatch { runner in
        let sample = self.samples.withLock { count in
          count += 1
          return count
        }
        return self.rule(runner.plan.tilings[0], sample)
      }
    }
  }

  /// Tunes a graph. - Returns: the plan, what was reported, and how many samples were taken.
  private static func tune(
    _ graph: Graph, _ cache: NativeCache, threads: Int = 2, _ options: CompileOptions = CompileOptions(),
    by rule: @escaping @Sendable (Tiling, _ sample: Int) -> Double
  ) throws -> (plan: Plan, report: ProductTuner.Report, samples: Int) {
    let clock = FalseClock(rule)
    let reports = Mutex<[ProductTuner.Report]>([])
    let tuner = ProductTuner(threads: threads, cache: cache, stopwatch: clock.stopwatch) { report in
      reports.withLock { $0.append(report) }
    }
    let tuned = try tuner.tuned(options, for: graph)
    let report = try #require(reports.withLock { $0.count == 1 ? $0[0] : nil })
    return (try Compiler.compile(graph, options: tuned).plan, report, clock.samples.withLock { $0 })
  }

  /// The fewer rows the better.
  private static let byRows: @Sendable (Tiling, Int) -> Double = { tiling, _ in Double(tiling.rows) }

  @Test func theFastestIsTakenAndKept() throws {
    let trial = try NativeTrial()
    let graph = try Self.forms[0].graph()
    let plain = try Compiler.compile(graph).plan.tilings[0]
    let first = try Self.tune(graph, trial.cache, by: Self.byRows)
    let chosen = first.plan.tilings[0]
    #expect(chosen.rows < plain.rows && chosen.wasMeasured == true && plain.wasMeasured == nil)
    #expect(first.report == ProductTuner.Report(measured: 1, found: 0, changed: 1) && first.samples > 10)
    // Another time nothing is measured, whatever would come out.
    let second = try Self.tune(graph, trial.cache) { tiling, _ in -Double(tiling.rows) }
    #expect(second.plan == first.plan && second.samples == 0)
    #expect(second.report == ProductTuner.Report(measured: 0, found: 1, changed: 1))
    // Another number of threads is another measurement.
    #expect(try Self.tune(graph, trial.cache, threads: 3, by: Self.byRows).report.measured == 1)
    #expect(trial.names.count == 2)
    // A plan from a file is the same.
    let copy = try Plan(json: Array(first.plan.json().text().utf8), file: "p.plan.json")
    #expect(copy == first.plan)
  }

  /// Noise, and being the fastest once, change nothing.
  @Test func whatIsHardlyFasterIsNotTaken() throws {
    let graph = try Self.forms[0].graph()
    let plan = try Compiler.compile(graph).plan
    let plain = plan.tilings[0]
    let candidates = try #require(TunedProduct.all(of: try Compiler.compile(graph)).first).candidates.count
    let rules: [@Sendable (Tiling, Int) -> Double] = [
      { tiling, _ in tiling == plain ? 1 : 0.98 },
      { tiling, sample in tiling == plain || sample > 6 * candidates ? 1 : 0.5 },
      { _, _ in 1 },
    ]
    for rule in rules {
      let trial = try NativeTrial()
      let tuned = try withExtendedLifetime(trial) { try Self.tune(graph, trial.cache, by: rule) }
      #expect(tuned.report == ProductTuner.Report(measured: 1, found: 0, changed: 0))
      #expect(tuned.plan.tilings == [plain].map { Tiling(measured: $0) })
    }
  }

  @Test func tilesThatAreGivenAreNotMeasured() throws {
    let graph = try Self.forms[0].graph()
    var options = CompileOptions()
    let form = try #require(TunedProduct.all(of: try Compiler.compile(graph)).first).form
    options.tilings = [form: Tiling(provider: .blocks, rows: 40, columns: 48)]
    let trial = try NativeTrial()
    let tuned = try withExtendedLifetime(trial) { try Self.tune(graph, trial.cache, options, by: Self.byRows) }
    #expect(tuned.samples == 0 && tuned.plan.tilings == Array(options.tilings.values))
  }

  @Test func theProductsOfNestedProgramsAreMeasured() throws {
    let trial = try NativeTrial()
    let once = try graph("once") { b in
      try b.output("y", b.tanh(b.dot(b.input("h", "f32[64,256]"), b.input("w", "f32[256,256]"))))
    }
    let loop = try graph("loop") { b in
      let (h, w) = (try b.input("h", "f32[64,256]"), try b.input("w", "f32[256,256]"))
      let result = try b.scan([h], constants: [w], length: 3) { b, c, _, k in ([try b.tanh(b.dot(c[0], k[0]))], []) }
      try b.output("last", result.carries[0])
    }
    let alone = try Self.tune(once, trial.cache, by: Self.byRows)
    let inside = try Self.tune(loop, trial.cache, by: Self.byRows)
    // The same product in two graphs is one form.
    #expect(alone.report.measured == 1 && inside.report.found == 1 && inside.samples == 0)
    #expect(inside.plan.programs.flatMap(\.tilings) == alone.plan.tilings)
  }

  /// By the real clock, on whatever machine this is.
  @Test func measuresHere() throws {
    let trial = try NativeTrial()
    for name in ["a product", "minimal filtering", "f64"] {
      let form = try #require(Self.forms.first { $0.testDescription == name })
      let graph = try form.graph()
      let tuner = ProductTuner(threads: 2, cache: trial.cache)
      let plan = try Compiler.compile(graph, options: try tuner.tuned(CompileOptions(), for: graph)).plan
      try plan.verify()
      #expect(plan.tilings[0].wasMeasured == true)
      let expected = try #require(try Harness.reference(graph, form.inputs())["y"])
      let result = try #require(try Harness.vm(plan, form.inputs(), threads: 2)["y"])
      #expect(Tolerance(relative: 1e-4, absolute: 1e-2).difference(result, expected) == nil)
    }
    #expect(trial.names.count == 3)
  }

  // MARK: The cache

  @Test(arguments: [
    "", "blocks", "blocks 3 7\n", "loops 64 64\n", "blocks -1 64\n", "blocks 64 99999999999999999999\n", "\0\0\0",
    "blocks 64 64", String(repeating: "x", count: 900),
  ])
  func hostileEntriesAreNotBelieved(_ text: String) throws {
    let trial = try NativeTrial()
    let graph = try Self.forms[0].graph()
    let first = try Self.tune(graph, trial.cache, by: Self.byRows)
    let name = try #require(trial.names.first)
    try trial.alter(name) { $0 = Data(text.utf8) }
    let second = try Self.tune(graph, trial.cache, by: Self.byRows)
    #expect(second.report.measured == 1 && second.plan == first.plan)
    let note = try #require(second.report.note)
    #expect(note == "\(trial.entriesPath): an entry of measured tiles made no sense")
    let third = try Self.tune(graph, trial.cache, by: Self.byRows)
    #expect(third.report == ProductTuner.Report(measured: 0, found: 1, changed: 1))
  }

  @Test func twoHostileEntriesAreOneWarning() throws {
    let trial = try NativeTrial()
    let graph = try graph("two") { b in
      let x = try b.input("x", "f32[130,200]")
      try b.output("y", b.dot(b.dot(x, b.input("v", "f32[200,300]")), b.input("w", "f32[300,250]")))
    }
    _ = try Self.tune(graph, trial.cache, by: Self.byRows)
    for name in trial.names { try trial.alter(name) { $0.append(0) } }
    let note = try Self.tune(graph, trial.cache, by: Self.byRows).report.note
    #expect(note == "\(trial.entriesPath): 2 entries of measured tiles made no sense")
  }

  @Test(arguments: [
    ("nowhere", "No such file or directory"), ("file", "Not a directory"), ("vanished", "No such file or directory"),
    ("others write", "others may write to it"), ("foreign", "it belongs to another user"),
    ("read-only", "Permission denied"),
  ])
  func foldersThatCannotBeUsedAreSaid(_ kind: String, _ reason: String) throws {
    if kind == (geteuid() == 0 ? "read-only" : "foreign") { return }
    let trial = try NativeTrial()
    switch kind {
    case "file": try Data().write(to: URL(fileURLWithPath: trial.cachePath))
    case "others write", "foreign", "read-only":
      _ = trial.cache
      if kind == "foreign" { chown(trial.entriesPath, 1, 1) }
      if kind != "foreign" { chmod(trial.entriesPath, kind == "read-only" ? 0o500 : 0o777) }
    default: break
    }
    let cache = kind == "nowhere" ? NativeCache(in: "/proc/jacquard") : trial.cache
    if kind == "vanished" { try FileManager.default.removeItem(atPath: trial.cachePath) }
    for _ in 0..<2 {
      let tuned = try Self.tune(try Self.forms[0].graph(), cache, by: Self.byRows)
      #expect(tuned.report.measured == 1 && tuned.report.changed == 1)
      let note = try #require(tuned.report.note)
      #expect(note.hasPrefix("measured tiles are not kept: ") && note.contains(reason) && !note.contains("\n"))
    }
    chmod(trial.entriesPath, 0o700)
    #expect(trial.names.isEmpty)
  }

  @Test func severalAtOnceAgreeOrMeasure() throws {
    let trial = try NativeTrial()
    let plans = Mutex<[Plan?]>([])
    DispatchQueue.concurrentPerform(iterations: 6) { _ in
      let plan = try? Self.tune(Self.forms[0].graph(), NativeCache(in: trial.cachePath), by: Self.byRows).plan
      plans.withLock { $0.append(plan) }
    }
    let all = plans.withLock { $0 }
    #expect(all.count == 6 && all.allSatisfy { $0 != nil && $0 == all[0] })
    #expect(trial.names.count == 1)
  }

  @Test func entriesUsedLongestAgoGo() throws {
    let trial = try NativeTrial()
    for form in Self.forms.prefix(2) { _ = try Self.tune(form.graph(), trial.cache, by: Self.byRows) }
    #expect(trial.names.count == 2)
    NativeCache(in: trial.cachePath, limit: 20).tidy()
    #expect(trial.names.count == 1)
  }
}

extension Plan {
  /// The tiles of its products.
  fileprivate var tilings: [Tiling] {
    program.kernels.compactMap { if case .contraction(let product) = $0.kind { product.tiling } else { nil } }
  }
}

extension Tiling {
  fileprivate init(measured tiling: Tiling) {
    self = tiling
    wasMeasured = true
  }
}
