import CJacquard
import Foundation
import JacquardCore
import JacquardKernels
import JacquardPlanner

/// Runs a plan on the tile machine (executor `vm`). Owns an arena; used by one caller at a time.
public final class PlanRunner: StepRunner {
  public let plan: Plan
  /// Threads asked for; a plan with little work runs on one.
  public let threads: Int
  private var encoder: ProgramEncoder
  private var kernels: UnsafePointer<jq_kernel>
  private let buffers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let counters: UnsafeMutablePointer<Int64>
  private let arena: AlignedMemory
  private let scratch: AlignedMemory
  private let constants: [TensorStorage]
  private var bound: [TensorStorage?]
  private var spans: [jq_span] = []

  /// Whether to record what each thread does (`profile`).
  public var isProfiling = false
  /// For tests: whether memory that holds nothing is filled with NaN, all of it before each step, and what a kernel was the last
  /// to use after it. Kernels, or sections, then run one by one, and nothing is recorded.
  public var poisonsFreedMemory = false {
    didSet { freed = poisonsFreedMemory ? FreedMemory(plan) : nil }
  }
  private var freed: FreedMemory?

  /// - Parameters:
  ///   - threads: at most 64; default as OpenMP would choose.
  ///   - executor: `vm`; `native`, which compiles first and falls back to `vm` where that fails (`compilerFailure` says why);
  ///     `auto`, which begins as `vm` and compiles beside steps once they have taken half a second.
  /// - Throws: `Diagnostic` if the plan needs a feature that this executor has not, or more memory than the machine
  ///   has.
  public init(plan: Plan, threads: Int? = nil, executor: ExecutorKind = .vm) throws {
    self.plan = plan
    self.threads = try PlanRunner.threads(threads, for: plan)
    encoder = try ProgramEncoder(plan)
    try PlanRunner.checkMemory(plan, scratch: encoder.scratchBytes, threads: self.threads)
    kernels = encoder.arrays.array(encoder.kernels)
    arena = try AlignedMemory(plan.arenaBytes)
    scratch = try AlignedMemory(encoder.scratchBytes * self.threads)
    constants = try plan.constants.map { try TensorStorage($0.tensor) }
    bound = [TensorStorage?](repeating: nil, count: plan.inputs.count)
    buffers = .allocate(capacity: max(plan.program.buffers.count, 1))
    buffers.initialize(repeating: nil, count: max(plan.program.buffers.count, 1))
    counters = .allocate(capacity: max(encoder.kernels.count, 1))
    counters.initialize(repeating: 0, count: max(encoder.kernels.count, 1))
    for (index, place) in plan.storage.enumerated() {
      switch place {
      case .arena(let offset): buffers[index] = arena.bytes + offset
      case .constant(let number): buffers[index] = constants[number].bytes
      case .input, .unused, .scratch: break
      }
    }
    tier = executor == .auto ? NativeTier(plan) : nil
    if executor == .native { settle(NativeProgram.result(plan)) }
  }

  // MARK: Emitted C

  private var tier: NativeTier?
  /// What was compiled, or found; nil while the tile machine runs.
  public private(set) var library: NativeLibrary?
  /// Why the tile machine runs what was to be native. With executor `auto` it is known some time after compiling began.
  public private(set) var compilerFailure: Diagnostic?

  /// What a user should hear of executor `native`; nil while there is nothing.
  public var notice: NativeNotice? {
    compilerFailure.map { .fallback($0) } ?? library?.note.map { .notKept($0) }
  }

  private func settle(_ result: Result<NativeProgram, Diagnostic>) {
    tier = nil
    switch result {
    case .success(let program): install(program)
    case .failure(let failure): compilerFailure = failure
    }
  }

  func install(_ program: NativeProgram) {
    encoder = program.encoder
    kernels = encoder.arrays.array(encoder.kernels)
    library = program.library
  }

  deinit {
    buffers.deallocate()
    counters.deallocate()
  }

  /// Nanoseconds of work below which waking a second thread costs more than it gives.
  static let smallPlan = 20_000

  /// Threads that a plan runs on if so many are wanted, or as many as there are processors.
  /// - Throws: `Diagnostic` if so many are not possible.
  static func threads(_ wish: Int?, for plan: Plan) throws(Diagnostic) -> Int {
    let wanted = wish ?? Int(jq_default_threads())
    guard (1...Int(JQ_MAXIMUM_THREADS)).contains(wanted) else {
      throw Diagnostic("\(wanted) threads; 1 to \(JQ_MAXIMUM_THREADS) are possible", kind: .unsupported)
    }
    return wish == nil && plan.costs.reduce(0, +) < PlanRunner.smallPlan ? 1 : wanted
  }

  private static func checkMemory(_ plan: Plan, scratch: Int, threads: Int) throws {
    let available = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let needed = try Overflow.add(plan.arenaBytes, try Overflow.multiply(scratch, threads))
    if needed > available {
      throw Diagnostic("the plan needs \(needed) bytes; this machine has \(available)")
    }
  }

  /// Bytes of scratch a thread.
  public var scratchBytesPerThread: Int { encoder.scratchBytes }

  public var outputNames: [String] { plan.outputs.map(\.name) }

  public func bind(_ input: String, _ storage: TensorStorage) throws {
    guard let index = plan.inputs.firstIndex(where: { $0.name == input }) else {
      throw Diagnostic("the plan has no input '\(input)'")
    }
    guard storage.type == plan.inputs[index].type else {
      throw Diagnostic("input '\(input)' has type \(storage.type); the plan wants \(plan.inputs[index].type)")
    }
    bound[index] = storage
    for (buffer, place) in plan.storage.enumerated() where place == .input(index) { buffers[buffer] = storage.bytes }
  }

  public private(set) var keptInputs = true

  public func run() throws {
    keptInputs = true
    for (index, storage) in bound.enumerated() where storage == nil {
      throw Diagnostic("input '\(plan.inputs[index].name)' is missing")
    }
    if let result = tier?.take() { settle(result) }
    let start = ContinuousClock.now
    defer { if let tier { tier.add(nanoseconds: Int(start.duration(to: .now) / .nanoseconds(1))) } }
    let failure = freed.map { runPoisoned($0) } ?? launch(encoder.kernels.indices)
    keptInputs = plan.keepsInputs(failingIn: failure.kernel >= 0 ? Int(failure.kernel) : plan.program.kernels.count)
    if failure.kernel >= 0 { throw diagnostic(failure) }
  }

  /// Runs some kernels. - Returns: The first failure; its kernel is -1 if there is none.
  private func launch(_ range: Range<Int>) -> jq_failure {
    var failure = jq_failure()
    let isProfiling = isProfiling && freed == nil
    if isProfiling { spans = [jq_span](repeating: jq_span(), count: encoder.kernels.count * threads) }
    spans.withUnsafeMutableBufferPointer { spans in
      var program = jq_program()
      program.kernels = kernels + range.lowerBound
      program.kernel_count = Int32(range.count)
      program.buffers = UnsafePointer(buffers)
      program.scratch = scratch.bytes.assumingMemoryBound(to: UInt8.self)
      program.scratch_bytes = Int64(encoder.scratchBytes)
      program.counters = counters
      program.spans = isProfiling ? spans.baseAddress : nil
      threadsUsed = Int(jq_program_run(&program, Int32(threads), &failure))
    }
    if failure.kernel >= 0 { failure.kernel += Int32(range.lowerBound) }
    return failure
  }

  private func runPoisoned(_ freed: FreedMemory) -> jq_failure {
    freed.begin(arena.bytes)
    defer { freed.end(arena.bytes) }
    for (number, kernels) in plan.program.units.enumerated() {
      memset(scratch.bytes, Int32(FreedMemory.filler), encoder.scratchBytes * threads)
      freed.before(number, arena.bytes)
      let failure = launch(kernels)
      if failure.kernel >= 0 { return failure }
      freed.after(number, arena.bytes)
    }
    var none = jq_failure()
    none.kernel = -1
    return none
  }

  /// Threads that ran in the last step.
  public private(set) var threadsUsed = 0

  private func diagnostic(_ failure: jq_failure) -> Diagnostic {
    let node = encoder.numbers.plans[Int(failure.program)].node(NodeID(Int(failure.node)))
    let kernel = plan.program.kernels[Int(failure.kernel)].name
    let label = node?.label ?? kernel
    return Diagnostic(
      failure.message, kind: .runtime, place: failure.program == 0 ? label : "\(kernel): \(label)",
      site: node?.site.flatMap { SourceSite(parsing: $0) })
  }

  public func output(_ name: String) throws -> HostTensor {
    guard let output = plan.outputs.first(where: { $0.name == name }) else {
      throw Diagnostic("the plan has no output '\(name)'")
    }
    var result = try HostTensor(zeros: output.type.dtype, output.type.shape.sizes ?? [])
    guard let source = buffers[output.buffer.index] else { return result }
    let count = result.byteCount
    result.withUnsafeMutableBytes { memory in
      if let base = memory.baseAddress { base.copyMemory(from: source, byteCount: count) }
    }
    return result
  }

  /// Fills everything that a step may not rely on with a byte: for tests, which then see whoever reads it.
  func poison(_ byte: UInt8) {
    memset(arena.bytes, Int32(byte), plan.arenaBytes)
    memset(scratch.bytes, Int32(byte), encoder.scratchBytes * threads)
  }

  // MARK: Profile

  /// What one thread did in one kernel of the last step.
  public struct Span: Sendable {
    public var thread: Int
    public var kernel: Int
    /// Nanoseconds from the start of the step.
    public var start: Int
    public var end: Int
    /// Tiles done.
    public var tiles: Int
  }

  /// The last step's spans, if `isProfiling` was set.
  public var profile: [Span] {
    let count = encoder.kernels.count
    return spans.prefix(count * threadsUsed).enumerated().map { index, span in
      Span(
        thread: index / max(count, 1), kernel: index % max(count, 1), start: Int(span.start), end: Int(span.end),
        tiles: Int(span.tiles))
    }
  }
}
