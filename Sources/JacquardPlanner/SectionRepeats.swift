import JacquardCore
import JacquardKernels

/// Kernels that run once more, at the head of a later section, so that what they make is never stored: a backward pass then makes
/// attention's weights again from the queries, keys and row sums that it reads anyway.
struct SectionRepeats {
  /// Some results of a kernel, made again before the first of the kernels that read them later.
  struct Repeat {
    var results: [BufferID]
    var use: Int
    /// Kernels to run again, in order, and what of each is wanted.
    var chain: [(kernel: Int, wanted: Set<BufferID>)]
  }

  /// A program in which some kernels run again.
  struct Result {
    var program: KernelProgram
    var runs: [MemoryReport.Repeat]
    /// For each repeat, the buffers that must not exist as a whole if it is to be worth it.
    var slices: [[BufferID]]
  }

  private let program: KernelProgram
  /// Buffers in the memory of inputs, by the input.
  private let storage: [BufferID: Int]
  private let heuristics: FusionHeuristics
  private var isKept: [Bool]
  private var writer: [Int]
  private var readers: [[Int]]

  /// - Parameters:
  ///   - storage: inputs, and what replaces them in place.
  ///   - external: those, and constants.
  init(
    _ program: KernelProgram, storage: [BufferID: Int], external: Set<BufferID>, _ heuristics: FusionHeuristics
  ) {
    (self.program, self.storage, self.heuristics) = (program, storage, heuristics)
    isKept = [Bool](repeating: false, count: program.buffers.count)
    for buffer in program.results + external { isKept[buffer.index] = true }
    writer = [Int](repeating: -1, count: program.buffers.count)
    readers = [[Int]](repeating: [], count: program.buffers.count)
    for (position, kernel) in program.kernels.enumerated() {
      for buffer in kernel.writes { writer[buffer.index] = position }
      for buffer in kernel.reads { readers[buffer.index].append(position) }
    }
  }

  // MARK: Which

  /// All that may be worth it by themselves; whether they are, sections decide.
  func candidates() -> [Repeat] { program.kernels.indices.compactMap(candidate) }

  private func candidate(_ position: Int) -> Repeat? {
    let results = program.kernels[position].writes.filter {
      !isKept[$0.index] && program[$0].byteCount >= heuristics.leastLocalBytes && lateUse($0) != nil
    }
    // Something is left for the first run, else the kernel had only to be moved.
    guard let use = results.compactMap(lateUse).min(),
      program.kernels[position].writes.contains(where: { !results.contains($0) || isRead($0, before: use) }),
      let chain = chain(to: results, use)
    else { return nil }
    let moved = results.reduce(0) { $0 + program[$1].byteCount * (1 + readers[$1.index].count) }
    let time = chain.reduce(0) { sum, link in
      sum + CostModel.nanoseconds(program.kernels[link.kernel].keeping(link.wanted))
    }
    return Double(time) <= Double(moved) * heuristics.mostRepeatedTime
      ? Repeat(results: results, use: use, chain: chain) : nil
  }

  /// The first kernel that reads a buffer long after any before it touched it.
  private func lateUse(_ buffer: BufferID) -> Int? {
    var before = writer[buffer.index]
    for position in readers[buffer.index] {
      if position - before >= heuristics.longPause { return position }
      before = position
    }
    return nil
  }

  /// The kernels that make results from what is there before a kernel, or is small enough to be kept for it.
  private func chain(to results: [BufferID], _ use: Int) -> [(kernel: Int, wanted: Set<BufferID>)]? {
    let small = results.reduce(0) { $0 + program[$1].byteCount } / FusionHeuristics.smallShare
    var wanted: [Int: Set<BufferID>] = [writer[results[0].index]: Set(results)]
    var chain: [(kernel: Int, wanted: Set<BufferID>)] = []
    while let position = wanted.keys.max() {
      let own = wanted.removeValue(forKey: position) ?? []
      guard chain.count < heuristics.longestRepeat, isRepeatable(position) else { return nil }
      chain.append((position, own))
      for operand in program.kernels[position].keeping(own).reads {
        if isReplaced(operand, in: position..<use) { return nil }
        if isKept[operand.index] || program[operand].byteCount <= small { continue }
        if (readers[operand.index].last ?? -1) >= use { continue }
        guard writer[operand.index] >= 0, writer[operand.index] < position else { return nil }
        wanted[writer[operand.index], default: []].insert(operand)
      }
    }
    return chain.reversed()
  }

  private func isRepeatable(_ position: Int) -> Bool {
    let kernel = program.kernels[position]
    switch kernel.kind {
    case .loops, .contraction: return !kernel.canFail && !kernel.writes.contains { storage[$0] != nil }
    case .scatter, .library, .control: return false
    }
  }

  /// Whether one of some kernels writes over the input in whose memory a buffer lies.
  private func isReplaced(_ buffer: BufferID, in kernels: Range<Int>) -> Bool {
    guard let input = storage[buffer] else { return false }
    return program.kernels[kernels].contains { $0.writes.contains { storage[$0] == input } }
  }

  // MARK: The program with them

  func applying(_ repeats: [Repeat]) -> Result {
    var result = Result(program: program, runs: [], slices: [])
    result.program.kernels = []
    let names = repeats.map { fresh($0, &result) }
    let kernels = withoutUnread(repeats)
    var place = [Int](repeating: 0, count: kernels.count)
    for (position, kernel) in kernels.enumerated() {
      for (number, own) in repeats.enumerated() where own.use == position {
        for link in own.chain {
          let run = MemoryReport.Repeat(kernel: result.program.kernels.count, of: place[link.kernel])
          result.runs.append(run)
          let again = program.kernels[link.kernel].keeping(link.wanted)
          result.program.kernels.append(again.mappingBuffers { names[number][$0] ?? $0 })
        }
      }
      place[position] = result.program.kernels.count
      let late = repeats.indices.filter { repeats[$0].use <= position }
      result.program.kernels.append(
        kernel.mappingBuffers { buffer in
          let number = late.first { repeats[$0].results.contains(buffer) }
          return number.flatMap { names[$0][buffer] } ?? buffer
        })
    }
    return result
  }

  /// New buffers for what a repeat makes.
  private func fresh(_ own: Repeat, _ result: inout Result) -> [BufferID: BufferID] {
    var names: [BufferID: BufferID] = [:]
    for buffer in own.chain.flatMap({ $0.wanted.sorted { $0.index < $1.index } }) {
      result.program.buffers.append(program[buffer])
      names[buffer] = BufferID(result.program.buffers.count - 1)
    }
    let early = own.results.filter { isRead($0, before: own.use) }
    result.slices.append(early + own.chain.flatMap(\.wanted).compactMap { names[$0] })
    return names
  }

  private func isRead(_ buffer: BufferID, before use: Int) -> Bool { readers[buffer.index].contains { $0 < use } }

  /// The kernels of the program; what is only read after it is made again is not made before.
  private func withoutUnread(_ repeats: [Repeat]) -> [Kernel] {
    var kernels = program.kernels
    for own in repeats {
      guard let first = own.chain.last?.kernel else { continue }
      let kept = kernels[first].writes.filter { !own.results.contains($0) || isRead($0, before: own.use) }
      kernels[first] = kernels[first].keeping(Set(kept))
    }
    return kernels
  }
}
