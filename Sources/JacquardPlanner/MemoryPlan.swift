import JacquardCore
import JacquardKernels

/// Places the buffers of a scheduled program: which share memory, and at which offset of the arena each lies.
struct MemoryPlan {
  private let program: KernelProgram
  /// Buffers with memory of their own outside the arena.
  private let external: Set<BufferID>
  private let rule: InPlace
  private(set) var first: [Int]
  private(set) var last: [Int]
  /// Buffer whose memory a buffer shares (itself if it has its own).
  private(set) var owner: [Int]
  private(set) var joins: [MemoryReport.Join] = []
  private(set) var offsets: [Int]
  private(set) var arenaBytes = 0
  private(set) var lowerBound = 0

  /// - Parameters:
  ///   - external: inputs, what replaces them in place, constants, and what lies in block memory.
  ///   - sliced: of each section the buffers of which every block has its own part.
  ///   - isPlaced: else only the lower bound is known until `place`.
  init(
    _ program: KernelProgram, external: Set<BufferID>, _ options: MemoryOptions = MemoryOptions(),
    sliced: [Set<BufferID>] = [], isPlaced: Bool = true
  ) {
    self.program = program
    self.external = external
    rule = InPlace(program: program)
    let count = program.buffers.count
    first = [Int](repeating: -1, count: count)
    last = first
    owner = Array(0..<count)
    offsets = [Int](repeating: 0, count: count)
    for (position, kernel) in program.kernels.enumerated() {
      for buffer in kernel.writes + kernel.reads {
        if first[buffer.index] < 0 { first[buffer.index] = position }
        last[buffer.index] = position
      }
    }
    for result in program.results { last[result.index] = program.kernels.count - 1 }
    if options.joinsInPlace { join(sliced) }
    for section in program.sections ?? [] { widen(section) }
    lowerBound = MemoryPlan.bound(blocks(), steps: program.kernels.count)
    if isPlaced { place(options) }
  }

  /// Finds the offsets.
  mutating func place(_ options: MemoryOptions) {
    place(options.sharesArena ? blocks() : blocks().map(aliveThroughout))
  }

  private func isPlaced(_ buffer: Int) -> Bool { first[buffer] >= 0 && !external.contains(BufferID(buffer)) }

  // MARK: In-place joins

  private mutating func join(_ sliced: [Set<BufferID>]) {
    var own: [Int: Set<BufferID>] = [:]
    for (section, buffers) in zip(program.sections ?? [], sliced) {
      for kernel in section.kernels { own[kernel] = buffers }
    }
    let results = Set(program.results)
    // End of life of the memory that a buffer owns, with all that share it.
    var end = last
    for (position, kernel) in program.kernels.enumerated() {
      // Blocks are not in step with each other: in a section both must be the block's own.
      let fitting = own[position]
      let operands = kernel.reads.filter {
        isPlaced($0.index) && !results.contains($0) && fitting?.contains($0) ?? true
      }
      var taken: Set<Int> = []
      for result in kernel.writes where isPlaced(result.index) && first[result.index] == position {
        if fitting?.contains(result) == false { continue }
        let candidates = operands.filter { operand in
          let root = owner[operand.index]
          return end[root] == position && !taken.contains(root) && last[operand.index] == position
            && rule.canOverwrite(kernel, result, over: operand)
        }
        guard let choice = candidates.max(by: { program[$0].byteCount < program[$1].byteCount }) else { continue }
        let root = owner[choice.index]
        owner[result.index] = root
        end[root] = last[result.index]
        taken.insert(root)
        joins.append(MemoryReport.Join(buffer: result, over: choice, kernel: position))
      }
    }
  }

  /// A section is one moment for all that its kernels touch.
  private mutating func widen(_ section: Section) {
    for buffer in program.kernels[section.kernels].flatMap({ $0.writes + $0.reads }) {
      first[buffer.index] = min(first[buffer.index], section.first)
      last[buffer.index] = max(last[buffer.index], section.kernels.upperBound - 1)
    }
  }

  // MARK: Offsets

  struct Block {
    var root: Int
    var bytes: Int
    var first: Int
    var last: Int
  }

  private func blocks() -> [Block] {
    var result: [Int: Block] = [:]
    for buffer in program.buffers.indices where isPlaced(buffer) {
      let root = owner[buffer]
      let bytes = roundedTo64(program.buffers[buffer].byteCount)
      if var block = result[root] {
        block.bytes = max(block.bytes, bytes)
        block.first = min(block.first, first[buffer])
        block.last = max(block.last, last[buffer])
        result[root] = block
      } else {
        result[root] = Block(root: root, bytes: bytes, first: first[buffer], last: last[buffer])
      }
    }
    return result.values.sorted { $0.root < $1.root }
  }

  /// A block that shares with no other.
  private func aliveThroughout(_ block: Block) -> Block {
    Block(root: block.root, bytes: block.bytes, first: 0, last: program.kernels.count - 1)
  }

  private mutating func place(_ blocks: [Block]) {
    let orders: [(Block, Block) -> Bool] = [
      { $0.bytes != $1.bytes ? $0.bytes > $1.bytes : $0.first < $1.first },
      { ($0.last - $0.first, $0.bytes) > ($1.last - $1.first, $1.bytes) },
      { ($0.first, $1.bytes) < ($1.first, $0.bytes) },
      { $0.bytes * ($0.last - $0.first + 1) > $1.bytes * ($1.last - $1.first + 1) },
      { ($0.last, $0.bytes) > ($1.last, $1.bytes) },
    ]
    var best: (total: Int, offsets: [Int])?
    var sequence = blocks
    for order in orders {
      let sorted = blocks.sorted(by: order)
      let attempt = MemoryPlan.fit(sorted, buffers: program.buffers.count)
      if best.map({ attempt.total < $0.total }) ?? true { (best, sequence) = (attempt, sorted) }
      if attempt.total == lowerBound { break }
    }
    guard var best else { return }
    exchange(sequence, &best)
    arenaBytes = best.total
    for buffer in program.buffers.indices where isPlaced(buffer) { offsets[buffer] = best.offsets[owner[buffer]] }
  }

  /// Exchanges pairs of the order in which blocks are placed as long as the arena is larger than it must be: always
  /// the same pairs, and fewer for many blocks.
  private func exchange(_ start: [Block], _ best: inout (total: Int, offsets: [Int])) {
    var sequence = start
    let count = sequence.count
    var state: UInt64 = 1
    func draw() -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    for _ in 0..<(count < 2 ? 0 : min(400, 400_000 / (count * count))) where best.total > lowerBound {
      let (a, b) = (draw(), draw())
      sequence.swapAt(a, b)
      let attempt = MemoryPlan.fit(sequence, buffers: program.buffers.count)
      if attempt.total <= best.total { best = attempt } else { sequence.swapAt(a, b) }
    }
  }

  /// The largest sum of blocks alive at one step.
  private static func bound(_ blocks: [Block], steps: Int) -> Int {
    var change = [Int](repeating: 0, count: steps + 1)
    for block in blocks {
      change[block.first] += block.bytes
      change[block.last + 1] -= block.bytes
    }
    var live = 0
    return change.reduce(0) { most, delta in
      live += delta
      return max(most, live)
    }
  }

  /// Behind all blocks that do not lie behind an offset.
  private static func place(of offset: Int, in placed: [(block: Block, offset: Int)]) -> Int {
    var (low, high) = (0, placed.count)
    while low < high {
      let middle = (low + high) / 2
      if placed[middle].offset <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Places blocks in the given order, each in the smallest gap between those alive at the same time that holds it.
  static func fit(_ blocks: [Block], buffers: Int) -> (total: Int, offsets: [Int]) {
    var offsets = [Int](repeating: 0, count: buffers)
    // By offset.
    var placed: [(block: Block, offset: Int)] = []
    var total = 0
    placed.reserveCapacity(blocks.count)
    for block in blocks {
      var cursor = 0
      var choice: (offset: Int, waste: Int)?
      for other in placed where other.block.first <= block.last && block.first <= other.block.last {
        let gap = other.offset - cursor
        if gap >= block.bytes, choice.map({ gap - block.bytes < $0.waste }) ?? true {
          choice = (cursor, gap - block.bytes)
        }
        cursor = max(cursor, other.offset + other.block.bytes)
      }
      let offset = choice?.offset ?? cursor
      offsets[block.root] = offset
      placed.insert((block, offset), at: MemoryPlan.place(of: offset, in: placed))
      total = max(total, offset + block.bytes)
    }
    return (total, offsets)
  }
}
