import JacquardCore
import JacquardKernels

/// An order of kernels in which one may run several times, each time into buffers of its own. Buffers that only repeated kernels
/// write come after those of the program.
struct RepeatingSchedule {
  /// A kernel of the program, or what is left of one that is to give some of its results only.
  struct Source {
    var kernel: Kernel
    /// The number of the program's kernel.
    var origin: Int
    var reads: [Int]
    var writes: [Int]
    /// Positions among `writes`, and among `reads` those over which each may be written.
    var overwrites: [(result: Int, operands: [Int])]
    var nanoseconds: Int
    /// Inputs whose memory it writes.
    var replaced: [Int]
    var canFail: Bool
    var isRepeatable: Bool
    /// Whether it may be left with some of its results.
    var isDivisible: Bool
  }

  /// One run of a kernel: the buffers in the place of those that the source reads and writes.
  struct Step {
    var source: Int
    var reads: [Int]
    var writes: [Int]
  }

  /// What is alive at each step.
  struct Profile {
    /// Steps that write a buffer, and touch it last; -1 for a buffer that no step writes.
    var first: [Int]
    var last: [Int]
    /// Bytes.
    var live: [Int]

    var peak: Int { live.max() ?? 0 }
    /// What is alive beyond a limit, added up over the steps.
    func excess(over limit: Int) -> Int { live.reduce(0) { $0 + max(0, $1 - limit) } }
  }

  let program: KernelProgram
  private let options: MemoryOptions
  private let rule: InPlace
  /// Buffers that live in the memory of an input, by the input.
  private let storage: [BufferID: Int]
  private let inputs: Int
  private(set) var sources: [Source] = []
  private var pruned: [SourceKey: Int] = [:]
  var steps: [Step] = []
  /// Of each buffer its bytes in the arena.
  private(set) var bytes: [Int]
  /// Whether it is a result.
  private(set) var isKept: [Bool]
  /// The buffer of the program that it stands for.
  private(set) var origin: [Int]
  /// Whether a kernel writes it.
  private let isWritten: [Bool]
  /// The input whose value before the step it is, or -1.
  private let oldInput: [Int]
  /// How many pairs of a replacement and a later check that can fail the given order has.
  private var lateChecks = Int.max

  private struct SourceKey: Hashable {
    var source: Int
    var wanted: [Int]
  }

  /// - Parameters:
  ///   - storage: buffers in the memory of inputs.
  ///   - external: those, and constants.
  init(
    _ program: KernelProgram, storage: [BufferID: Int], external: Set<BufferID>, _ options: MemoryOptions
  ) {
    (self.program, self.storage, self.options) = (program, storage, options)
    rule = InPlace(program: program)
    inputs = (storage.values.max() ?? -1) + 1
    let count = program.buffers.count
    var isWritten = [Bool](repeating: false, count: count)
    for kernel in program.kernels { for buffer in kernel.writes { isWritten[buffer.index] = true } }
    var isKept = [Bool](repeating: false, count: count)
    for result in program.results { isKept[result.index] = true }
    self.isWritten = isWritten
    self.isKept = isKept
    oldInput = (0..<count).map { isWritten[$0] ? -1 : storage[BufferID($0)] ?? -1 }
    bytes = (0..<count).map { index in
      let isPlaced = isWritten[index] && !external.contains(BufferID(index))
      return isPlaced ? roundedTo64(program.buffers[index].byteCount) : 0
    }
    origin = Array(0..<count)
    for (index, kernel) in program.kernels.enumerated() {
      sources.append(source(kernel, origin: index))
      steps.append(Step(source: index, reads: sources[index].reads, writes: sources[index].writes))
    }
    lateChecks = lateness(steps)
  }

  private func source(_ kernel: Kernel, origin: Int) -> Source {
    let (reads, writes) = (kernel.reads, kernel.writes)
    let operands = reads.indices.filter { bytes[reads[$0].index] > 0 && !isKept[reads[$0].index] }
    let overwrites = writes.indices.compactMap { result -> (result: Int, operands: [Int])? in
      guard options.joinsInPlace, bytes[writes[result].index] > 0 else { return nil }
      let fitting = operands.filter { rule.canOverwrite(kernel, writes[result], over: reads[$0]) }
      return fitting.isEmpty ? nil : (result, fitting)
    }
    let replaced = writes.compactMap { storage[$0] }
    return Source(
      kernel: kernel, origin: origin, reads: reads.map(\.index), writes: writes.map(\.index), overwrites: overwrites,
      nanoseconds: CostModel.nanoseconds(kernel), replaced: replaced, canFail: kernel.canFail,
      isRepeatable: replaced.isEmpty && kernel.isRepeatable, isDivisible: kernel.isDivisible)
  }

  /// The source that gives some results of another one, at positions among its writes, as a kernel that cannot fail.
  mutating func source(_ source: Int, keeping wanted: [Int]) -> Int {
    let key = SourceKey(source: source, wanted: wanted)
    if let known = pruned[key] { return known }
    let whole = sources[source]
    if wanted.count == whole.writes.count && !whole.canFail { return source }
    let kernel = whole.kernel.keeping(Set(wanted.map { BufferID(whole.writes[$0]) })).withChecksDone()
    sources.append(self.source(kernel, origin: whole.origin))
    pruned[key] = sources.count - 1
    return sources.count - 1
  }

  /// A further buffer for what another one holds.
  mutating func addBuffer(like buffer: Int) -> Int {
    bytes.append(bytes[buffer])
    isKept.append(false)
    origin.append(origin[buffer])
    return bytes.count - 1
  }

  // MARK: Questions

  /// The input whose old value a buffer is.
  func input(_ buffer: Int) -> Int? { oldInput[origin[buffer]] < 0 ? nil : oldInput[origin[buffer]] }

  /// Pairs of a replacement and a later check that can fail.
  private func lateness(_ steps: [Step]) -> Int {
    var (pairs, replacements) = (0, 0)
    for step in steps {
      let source = sources[step.source]
      if source.canFail { pairs += replacements }
      if !source.replaced.isEmpty { replacements += 1 }
    }
    return pairs
  }

  /// - Returns: nil if the order is none: something is read before it is written or after it is lost, or a parameter replaced before
  ///   a check that can fail, where the given order checks first.
  func profile() -> Profile? {
    var first = [Int](repeating: -1, count: bytes.count)
    var last = first
    var isLost = [Bool](repeating: false, count: inputs)
    var (late, replacements) = (0, 0)
    for (position, step) in steps.enumerated() {
      for buffer in step.reads {
        let home = origin[buffer]
        if isWritten[home] && first[buffer] < 0 { return nil }
        if oldInput[home] >= 0 && isLost[oldInput[home]] { return nil }
        last[buffer] = position
      }
      for buffer in step.writes { (first[buffer], last[buffer]) = (position, position) }
      if sources[step.source].canFail { late += replacements }
      if !sources[step.source].replaced.isEmpty {
        replacements += 1
        for input in sources[step.source].replaced { isLost[input] = true }
      }
    }
    if late > lateChecks { return nil }
    for buffer in isKept.indices where isKept[buffer] && first[buffer] >= 0 { last[buffer] = steps.count - 1 }
    return Profile(first: first, last: last, live: live(first, last))
  }

  /// Bytes alive at each step, as `MemoryPlan` counts them.
  private func live(_ first: [Int], _ last: [Int]) -> [Int] {
    var change = [Int](repeating: 0, count: steps.count + 1)
    for buffer in bytes.indices where first[buffer] >= 0 {
      change[first[buffer]] += bytes[buffer]
      change[last[buffer] + 1] -= bytes[buffer]
    }
    for (position, step) in steps.enumerated() {
      var taken: [Int] = []
      for (result, operands) in sources[step.source].overwrites {
        guard let operand = operands.first(where: { last[step.reads[$0]] == position && !taken.contains($0) }) else {
          continue
        }
        taken.append(operand)
        change[position] -= bytes[step.writes[result]]
        change[position + 1] += bytes[step.writes[result]]
      }
    }
    var sum = 0
    return change.dropLast().map { delta in
      sum += delta
      return sum
    }
  }

  // MARK: Result

  /// The program in this order, and its kernels that are not the first run of one.
  func materialised() -> (program: KernelProgram, repeated: [MemoryReport.Repeat]) {
    var result = program
    result.buffers += origin[program.buffers.count...].map { program.buffers[$0] }
    result.kernels = []
    var firstRun: [Int: Int] = [:]
    var repeated: [MemoryReport.Repeat] = []
    for (position, step) in steps.enumerated() {
      let source = sources[step.source]
      let pairs = zip(source.reads + source.writes, step.reads + step.writes)
      let map = Dictionary(pairs.map { (BufferID($0), BufferID($1)) }, uniquingKeysWith: { first, _ in first })
      result.kernels.append(source.kernel.mappingBuffers { map[$0] ?? $0 })
      if let run = firstRun[source.origin] {
        repeated.append(MemoryReport.Repeat(kernel: position, of: run))
      } else {
        firstRun[source.origin] = position
      }
    }
    return (result, repeated)
  }
}
