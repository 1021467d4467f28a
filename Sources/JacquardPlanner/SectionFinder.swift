import JacquardKernels

/// A section, and where the buffers that only its kernels use lie in the block memory of a thread.
struct FoundSection {
  var section: Section
  /// Byte offsets of slices.
  var offsets: [BufferID: Int]
  /// All buffers of which each block has its own part, these and others.
  var sliced: Set<BufferID>
  /// Bytes of the buffers that nobody stores as a whole.
  var bytes: Int
}

/// Finds the sections of a scheduled program: runs of kernels that hand large buffers to each other and to nobody else, and whose
/// loops fall into blocks of which each needs only its own part. Attention is one such run: its matrix of all queries by all keys
/// then exists for a few queries at a time.
struct SectionFinder {
  private let program: KernelProgram
  /// Buffers in the memory of inputs, and constants.
  private let external: Set<BufferID>
  private let heuristics: FusionHeuristics
  /// The kernels that touch a buffer first and last; -1 for none.
  private var first: [Int]
  private var last: [Int]
  private var isKept: [Bool]
  private var cuts: [Cut: [BufferID: BlockUse]?] = [:]

  private struct Cut: Hashable {
    var kernel: Int
    var blocks: Int
  }

  /// A section that may be chosen.
  private struct Candidate {
    var section: Section
    var bytes: Int
    /// Whether slices leave most of a second cache to other operands.
    var isRoomy: Bool

    /// Whether it saves more than another one with the same kernels, or is as good in larger blocks.
    func isBetter(than other: Candidate) -> Bool {
      if bytes != other.bytes { return bytes > other.bytes }
      if isRoomy != other.isRoomy { return isRoomy }
      return section.blocks < other.section.blocks
    }
  }

  /// - Parameter external: inputs, what replaces them in place, and constants.
  init(_ program: KernelProgram, external: Set<BufferID>, _ heuristics: FusionHeuristics) {
    (self.program, self.external, self.heuristics) = (program, external, heuristics)
    first = [Int](repeating: -1, count: program.buffers.count)
    last = first
    isKept = [Bool](repeating: false, count: program.buffers.count)
    for (position, kernel) in program.kernels.enumerated() {
      for buffer in kernel.writes + kernel.reads {
        if first[buffer.index] < 0 { first[buffer.index] = position }
        last[buffer.index] = position
      }
    }
    for buffer in program.results { isKept[buffer.index] = true }
    for buffer in external { isKept[buffer.index] = true }
  }

  /// The sections, in order: those which together save most.
  mutating func sections() -> [FoundSection] {
    var candidates = [[Candidate]](repeating: [], count: program.kernels.count)
    for start in starts() { candidates[start] = self.candidates(from: start) }
    // Most bytes saved by this kernel and all that follow.
    var most = [Int](repeating: 0, count: program.kernels.count + 1)
    var choice = [Candidate?](repeating: nil, count: program.kernels.count)
    for start in program.kernels.indices.reversed() {
      most[start] = most[start + 1]
      for candidate in candidates[start] {
        let bytes = candidate.bytes + most[candidate.section.kernels.upperBound]
        if bytes > most[start] { (most[start], choice[start]) = (bytes, candidate) }
      }
    }
    var result: [FoundSection] = []
    var position = 0
    while position < program.kernels.count {
      if let chosen = choice[position] { result.append(found(chosen)) }
      position = choice[position]?.section.kernels.upperBound ?? position + 1
    }
    return result
  }

  /// Kernels that make something for those that follow soon, where all that is made and used up soon may be worth a section.
  private func starts() -> [Int] {
    var made = [[(last: Int, bytes: Int)]](repeating: [], count: program.kernels.count)
    for buffer in program.buffers.indices where first[buffer] >= 0 && !isKept[buffer] {
      if last[buffer] > first[buffer] && last[buffer] - first[buffer] < heuristics.longestSection {
        made[first[buffer]].append((last[buffer], program.buffers[buffer].byteCount))
      }
    }
    return made.indices.filter { start in
      if made[start].isEmpty { return false }
      let end = min(start + heuristics.longestSection, made.count)
      let bytes = made[start..<end].reduce(0) { sum, own in
        own.reduce(sum) { $0 + ($1.last < end ? $1.bytes : 0) }
      }
      return bytes >= heuristics.leastLocalBytes
    }
  }

  /// Of the runs that begin with a kernel, for each end the one that saves most.
  private mutating func candidates(from start: Int) -> [Candidate] {
    var best: [Int: Candidate] = [:]
    // What ends a run ends it in smaller blocks, too, if each of them is part of one of these.
    var finished: [Int] = []
    for blocks in blockCounts(program.kernels[start]) where !finished.contains(where: { blocks % $0 == 0 }) {
      let (found, isFinished) = candidates(from: start, blocks)
      for candidate in found {
        let end = candidate.section.count
        if best[end].map(candidate.isBetter(than:)) ?? true { best[end] = candidate }
      }
      if isFinished { finished.append(blocks) }
    }
    return best.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Numbers of blocks that the outer loops of a kernel fall into, the least first.
  private func blockCounts(_ kernel: Kernel) -> [Int] {
    let outer: [Int]
    switch kernel.kind {
    case .loops(let nests): outer = nests.first?.outer ?? []
    case .contraction(let product): outer = product.batch + [product.m]
    case .scatter, .library, .control: outer = []
    }
    var result: Set<Int> = []
    var before = 1
    for extent in outer where before <= heuristics.mostBlocks {
      for part in 1...heuristics.mostBlocks where part <= extent && extent % part == 0 { result.insert(before * part) }
      before *= extent
    }
    return result.filter { (heuristics.fewestBlocks...heuristics.mostBlocks).contains($0) }.sorted()
  }

  /// The runs from a kernel on, cut into so many blocks, and whether memory would not be the reason to cut them into more.
  private mutating func candidates(from start: Int, _ blocks: Int) -> (found: [Candidate], isFinished: Bool) {
    var uses = SectionUses()
    var (bytes, nanoseconds) = (0, 0)
    var (result, isRoomy, hasFirst) = ([Candidate](), true, false)
    // Bytes of slices alive at each kernel.
    var live: [Int] = []
    for position in start..<min(start + heuristics.longestSection, program.kernels.count) {
      guard let own = cut(position, blocks), uses.add(own, at: position) == nil else { break }
      // A kernel before the first local one has no part in it.
      if position == start && !own.keys.contains(where: { isLocal($0, from: start, uses) }) { break }
      nanoseconds += CostModel.nanoseconds(program.kernels[position])
      live.append(0)
      let done = own.keys.filter { last[$0.index] == position && isLocal($0, from: start, uses) }
      for buffer in done {
        let whole = program.buffers[buffer.index].byteCount
        bytes += whole
        hasFirst = hasFirst || first[buffer.index] == start
        for kernel in first[buffer.index]...position { live[kernel - start] += roundedTo64(whole / blocks) }
      }
      if done.isEmpty { continue }
      let memory = live.max() ?? 0
      isRoomy = memory <= heuristics.roomyBlockMemory
      if memory > heuristics.mostBlockMemory { break }
      if hasFirst && bytes >= heuristics.leastLocalBytes && nanoseconds / blocks >= heuristics.leastBlockTime {
        let section = Section(first: start, count: live.count, blocks: blocks)
        result.append(Candidate(section: section, bytes: bytes, isRoomy: isRoomy))
      }
    }
    return (result, isRoomy)
  }

  private mutating func found(_ chosen: Candidate) -> FoundSection {
    let section = chosen.section
    var uses = SectionUses()
    for position in section.kernels {
      if let own = cut(position, section.blocks) { _ = uses.add(own, at: position) }
    }
    let sliced = uses.buffers.filter(\.value.isBlockwise).map(\.key)
    let locals = sliced.filter {
      last[$0.index] < section.kernels.upperBound && isLocal($0, from: section.first, uses)
    }
    return FoundSection(
      section: section, offsets: place(locals, in: section), sliced: Set(sliced), bytes: chosen.bytes)
  }

  private func isLocal(_ buffer: BufferID, from start: Int, _ uses: SectionUses) -> Bool {
    guard let use = uses.buffers[buffer] else { return false }
    return use.isWritten && use.isBlockwise && first[buffer.index] >= start && !isKept[buffer.index]
  }

  /// What a kernel does in one block; nil if it has no place in a section of so many.
  private mutating func cut(_ position: Int, _ blocks: Int) -> [BufferID: BlockUse]? {
    let key = Cut(kernel: position, blocks: blocks)
    if let known = cuts[key] { return known }
    let kernel = program.kernels[position]
    var result: [BufferID: BlockUse]?
    let cut = BlockCut(buffers: program.buffers, blocks: blocks)
    if isWorthCutting(kernel, cut), !kernel.writes.contains(where: external.contains) { result = cut.uses(of: kernel) }
    cuts[key] = .some(result)
    return result
  }

  /// Whether blocks leave a product enough rows for what it reads for each of them.
  private func isWorthCutting(_ kernel: Kernel, _ cut: BlockCut) -> Bool {
    guard case .contraction(let product) = kernel.kind else { return true }
    let rows = cut.rows(of: product)
    if rows == product.m { return true }
    let shared = product.k * product.n * product.dtype.byteSize
    let isLarge = shared > heuristics.mostSharedBytes
    return rows >= max(isLarge ? product.tiling.rows : 0, heuristics.fewestRows)
  }

  /// Places the slices of buffers in block memory: two share bytes if no kernel of the section stands between their lives.
  private func place(_ locals: [BufferID], in section: Section) -> [BufferID: Int] {
    let locals = locals.sorted { $0.index < $1.index }
    let slices = locals.indices.map { index in
      let buffer = locals[index]
      return MemoryPlan.Block(
        root: index, bytes: roundedTo64(program[buffer].byteCount / section.blocks), first: first[buffer.index],
        last: last[buffer.index])
    }
    let sorted = slices.sorted { ($1.bytes, $0.root) < ($0.bytes, $1.root) }
    return Dictionary(uniqueKeysWithValues: zip(locals, MemoryPlan.fit(sorted, buffers: locals.count).offsets))
  }
}
