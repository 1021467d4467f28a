import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import JacquardPlanner

/// Chooses provider and tiles of a graph's products by measuring them on this machine.
///
/// Each product of another form (shape, strides, type, windows) is run alone, by the tiles that it has without measuring and by
/// those of `Contraction.otherTilings`; others replace them only where they are faster by more than chance. What is found is kept in a
/// cache by form, CPU, threads and version, so that it is measured once. The choice becomes part of the plan: all executors then make the
/// products of that plan by it, to the same bytes.
public struct ProductTuner: Sendable {
  /// What became of the products of a graph.
  public struct Report: Hashable, Sendable {
    /// Forms of products that were measured now.
    public var measured = 0
    /// Forms whose choice the cache had.
    public var found = 0
    /// Forms that are made in another way than without measuring.
    public var changed = 0
    /// What is wrong with the cache, in one line; nil if nothing is.
    public var note: String?
  }

  /// Threads to measure with; nil for those that a plan runs on by default.
  public let threads: Int?
  /// Called with what became of a graph's products.
  private let onReport: (@Sendable (Report) -> Void)?
  private let cache: NativeCache
  let stopwatch: Stopwatch

  /// - Parameters:
  ///   - cache: default `NativeCache.standard`. One that cannot be used is said in the report's `note`, and no error.
  ///   - onReport: called once for each graph, by the thread that compiles it.
  public init(threads: Int? = nil, cache: NativeCache? = nil, onReport: (@Sendable (Report) -> Void)? = nil) {
    self.init(threads: threads, cache: cache, stopwatch: Stopwatch(), onReport: onReport)
  }

  init(
    threads: Int? = nil, cache: NativeCache? = nil, stopwatch: Stopwatch,
    onReport: (@Sendable (Report) -> Void)? = nil
  ) {
    self.threads = threads
    self.cache = cache ?? .standard()
    self.stopwatch = stopwatch
    self.onReport = onReport
  }

  /// Compile options with the choices for a graph's products in `tilings`.
  ///
  /// - Parameters:
  ///   - options: what the graph is compiled with otherwise; `tilings` that it has are kept, and not measured.
  ///   - bindings: as for `Compiler.compile`.
  /// - Throws: `Diagnostic` as `Compiler.compile`; if memory is short.
  public func tuned(
    _ options: CompileOptions, for graph: Graph, bindings: [String: Int] = [:]
  ) throws -> CompileOptions {
    var plain = options
    plain.tilings = [:]
    // Whether the limit is kept is known once the tiles are.
    plain.memoryLimit = nil
    let compilation = try Compiler.compile(graph, bindings: bindings, options: plain)
    let threads = try PlanRunner.threads(threads, for: compilation.plan)
    var (result, report) = (options, Report())
    var problems = TileCacheProblems(cache)
    for subject in TunedProduct.all(of: compilation) where options.tilings[subject.form] == nil {
      let key = NativeCache.key(subject, threads: threads)
      var choice = cache.tiling(key, among: subject.candidates, &problems)
      if choice == nil {
        choice = try fastest(subject, threads: threads)
        report.measured += 1
        if let choice { cache.keep(choice, key, &problems) }
      } else {
        report.found += 1
      }
      guard var choice else { continue }
      if choice != subject.form.tiling { report.changed += 1 }
      choice.wasMeasured = true
      result.tilings[subject.form] = choice
    }
    if report.measured > 0 { cache.tidy() }
    report.note = problems.note
    onReport?(report)
    return result
  }
}

/// A product to be measured: all that share its form are one.
struct TunedProduct {
  /// With the tiles that follow from the shape.
  let form: Contraction
  /// These tiles, and others that are possible.
  let candidates: [Tiling]

  /// The products that are worth measuring, in the order of execution.
  static func all(of compilation: Compilation) -> [TunedProduct] {
    let wholeRows = Set(products(compilation.plan).filter { $0.rows != nil }.map(\.form))
    var seen: Set<Contraction> = []
    return products(lowered: compilation).map(\.form).filter { seen.insert($0).inserted }.compactMap { form in
      TunedProduct(form, keepsRows: wholeRows.contains(form))
    }
  }

  /// - Parameter keepsRows: whether something is found from whole rows of the result, which is to stay so.
  /// - Returns: nil for what takes too little time, and what can be made in one way only.
  private init?(_ form: Contraction, keepsRows: Bool) {
    if Plan(product: form).costs[0] < PlanRunner.smallPlan { return nil }
    let others = form.otherTilings.filter { tiling in
      var other = form
      other.tiling = tiling
      return !keepsRows || !other.hasFewRows
    }
    if others.isEmpty { return nil }
    self.form = form
    candidates = [form.tiling] + others
  }

  private static func products(_ plan: Plan) -> [Contraction] {
    products(plan.program) + plan.programs.flatMap { products($0) }
  }

  private static func products(lowered compilation: Compilation) -> [Contraction] {
    products(compilation.lowered) + compilation.programs.flatMap { products(lowered: $0) }
  }

  private static func products(_ program: KernelProgram) -> [Contraction] {
    program.kernels.compactMap { if case .contraction(let product) = $0.kind { product } else { nil } }
  }
}
