import CJacquard
import Foundation
import JacquardCore
import JacquardKernels
import JacquardPlanner

/// Runs a plan on the tile machine (executor `vm`). Owns an arena; used by one caller at a time.
public final class PlanRunner: StepRunner {
  /// What it runs.
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
  private var recorder: StepRecorder?

  /// Whether to record what each thread does (`profile`). Costs nothing while it is not set.
  public var isProfiling = false {
    didSet { if isProfiling != oldValue { recorder = isProfiling ? StepRecorder(plan, threads: threads) : nil } }
  }
  /// For tests: whether memory that holds nothing is filled with NaN, all of it before each step, and what a kernel was the last
  /// to use after it. Kernels, or sections, then run one by one, and nothing is recorded.
  public var poisonsFreedMemory = false {
    didSet { freed = poisonsFreedMemory ? FreedMemory(plan) : nil }
  }
  private var freed: FreedMemory?
  /// Looks for NaN in what each kernel stores, and ends the step with the node that made the first; nil for steps as fast as
  /// they can be. Kernels then run one by one, so the plan must be one `withoutSections`, and nothing is recorded. Not together with
  /// `poisonsFreedMemory`.
  public var nanCheck: NaNCheck?

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
    try run { fault in
      if let freed { return runPoisoned(freed) }
      return nanCheck.map { runChecked($0, &fault) } ?? launch(encoder.kernels.indices)
    }
  }

  /// Runs a step kernel by kernel, for whoever looks at memory between them.
  ///
  /// - Parameter after: whether to go on.
  /// - Throws: what they throw, and as `run`.
  func run(before: (Int) throws -> Void, after: (Int) throws -> Bool) throws {
    try run { _ in try oneByOne(before: before, after: after) }
  }

  /// - Parameter body: runs the kernels; sets a fault if the failure is a NaN.
  private func run(_ body: (_ fault: inout Diagnostic?) throws -> jq_failure) throws {
    keptInputs = true
    for (index, storage) in bound.enumerated() where storage == nil {
      throw Diagnostic("input '\(plan.inputs[index].name)' is missing")
    }
    if let result = tier?.take() { settle(result) }
    try checkInputs()
    let start = ContinuousClock.now
    defer { if let tier { tier.add(nanoseconds: Int(start.duration(to: .now) / .nanoseconds(1))) } }
    var fault: Diagnostic?
    let failure = try body(&fault)
    keptInputs = plan.keepsInputs(failingIn: failure.kernel >= 0 ? Int(failure.kernel) : plan.program.kernels.count)
    if failure.kernel >= 0 { throw fault ?? diagnostic(failure) }
  }

  /// Runs some kernels. - Returns: The first failure; its kernel is -1 if there is none.
  private func launch(_ range: Range<Int>) -> jq_failure {
    var failure = jq_failure()
    var program = jq_program()
    program.kernels = kernels + range.lowerBound
    program.kernel_count = Int32(range.count)
    program.buffers = UnsafePointer(buffers)
    program.scratch = scratch.bytes.assumingMemoryBound(to: UInt8.self)
    program.scratch_bytes = Int64(encoder.scratchBytes)
    program.counters = counters
    program.recorders = freed == nil && nanCheck == nil && range == encoder.kernels.indices ? recorder?.recorders : nil
    threadsUsed = Int(jq_program_run(&program, Int32(threads), &failure))
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
    return PlanRunner.none
  }

  private func oneByOne(
    before: (Int) throws -> Void, after: (Int) throws -> Bool
  ) rethrows -> jq_failure {
    for kernel in encoder.kernels.indices {
      try before(kernel)
      let failure = launch(kernel..<kernel + 1)
      if failure.kernel >= 0 { return failure }
      if try !after(kernel) { break }
    }
    return PlanRunner.none
  }

  private static var none: jq_failure {
    var none = jq_failure()
    none.kernel = -1
    return none
  }

  // MARK: NaN

  private func checkInputs() throws {
    guard let nanCheck else { return }
    if plan.program.sections != nil {
      throw Diagnostic("kernels of a section do not run one by one", kind: .internalError)
    }
    for (input, storage) in zip(plan.inputs, bound) {
      let site = nanCheck.graph?.input(named: input.name)?.site
      if let storage { try NaNCheck.check(input: input.name, storage, site: site) }
    }
  }

  /// - Parameter fault: set if the failure is a NaN.
  private func runChecked(_ check: NaNCheck, _ fault: inout Diagnostic?) -> jq_failure {
    var kept: [BufferID: HostTensor] = [:]
    var last = 0
    var failure = oneByOne { kernel in
      kept = [:]
      for buffer in check.overwritten[kernel] { kept[buffer] = stored(buffer) }
    } after: { kernel in
      let faulty = check.completed[kernel].filter { buffer in
        let shape = plan.program[buffer]
        return shape.dtype.firstNaN(buffers[buffer.index], shape.count) != nil
      }
      if faulty.isEmpty { return true }
      var search = NaNSearch(check, plan, kernel: kernel, kept: kept) { self.stored($0) }
      (fault, last) = (search.fault(in: faulty), kernel)
      return false
    }
    if fault != nil { failure.kernel = Int32(last) }
    return failure
  }

  /// A copy of what lies in a buffer's memory; nil if it has none.
  private func stored(_ buffer: BufferID) -> HostTensor? {
    buffers[buffer.index] == nil ? nil : try? contents(buffer)
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
    return try contents(output.buffer)
  }

  /// A copy of what a buffer holds, zeros if it has no memory. - Throws: `Diagnostic` if memory is short.
  func contents(_ buffer: BufferID) throws -> HostTensor {
    var result = try HostTensor(zeros: plan.program[buffer].dtype, plan.program[buffer].extents)
    guard let source = buffers[buffer.index] else { return result }
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

  /// The plan and the programs that its control kernels repeat, by the numbers that events have.
  public var programs: [Plan] { encoder.numbers.plans }

  /// What each thread did in the last step, if `isProfiling` was set.
  public var profile: StepEvents { recorder?.events(threads: threadsUsed) ?? StepEvents() }
}
