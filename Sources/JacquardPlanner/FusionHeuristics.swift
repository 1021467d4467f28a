import JacquardCore
import JacquardKernels

/// What is worth fusing. Nothing here is needed for correctness.
public struct FusionHeuristics: Hashable, Sendable, Codable {
  /// Most instructions in one nest.
  public var maximumSteps = 192
  /// Most arrays that one nest reads and writes.
  public var maximumStreams = 28
  /// Arrays as large as the product's result that an epilogue may read beside it.
  public var maximumEpilogueStreams = 2
  /// Below this many columns a sequential reduction takes in only small maps.
  public var minimumColumns = 256
  /// Most points of a map that is small in this sense.
  public var smallMap = 16384
  /// Share of the memory in use that operands of a step's last kernels alone may take; these kernels run earlier if it is more.
  public var mostIdle = 0.25
  /// Bytes of such operands that may wait in any case.
  public var mostIdleBytes = 16 << 20
  /// Bytes of an operand from which on it counts for that.
  public var largeOperand = 65536
  /// Elements of a row from which on it is as well read in a padded array, where rows do not follow one another.
  public var paddedRow = 16
  /// Share by which the memory in use may grow for results that are stored into padded arrays.
  public var paddingGrowth = 0.1

  // Sections. All of these are estimates: of caches, and of what it costs to change from kernel to kernel.

  /// Bytes of buffers that need not be stored as a whole, from which on a section is worth it.
  public var leastLocalBytes = 1 << 20
  /// Bytes of their slices at one time: they should stay in a core's second cache, beside other operands.
  public var mostBlockMemory = 384 << 10
  /// So many or fewer are better, even if there are more blocks for that.
  public var roomyBlockMemory = 192 << 10
  /// Blocks of a section, so that 16 threads find work and the number of a block costs little.
  public var fewestBlocks = 16
  /// The same, at most.
  public var mostBlocks = 65536
  /// Kernels of a section.
  public var longestSection = 64
  /// Nanoseconds of a block on one thread.
  public var leastBlockTime = 4_000
  /// Rows of a product in a block, if it has not all of them.
  public var fewestRows = 64
  /// Bytes of a product's right operand that blocks may read anew, each for fewer rows than a tile has.
  public var mostSharedBytes = 1 << 20
  /// Kernels that need not run between two uses of a buffer for the second one to count as a later one.
  public var longPause = 8
  /// Kernels that run again to make a buffer for its later uses.
  public var longestRepeat = 4
  /// Nanoseconds on one thread that they may take, for each byte that is then neither stored nor loaded.
  public var mostRepeatedTime = 0.15

  /// The values with which plans are made unless told otherwise.
  public init() {}

  /// Why an aligned pair should stay apart; nil if it should be joined.
  /// - Parameter carried: inputs that the step updates.
  func refusesJoin(
    _ producer: FusionKernel, _ consumer: FusionKernel, carried: Set<BufferID>
  ) -> RefusalReason? {
    guard let first = producer.flow, let second = consumer.flow else { return .init(.notLoops) }
    if first.steps.count + second.steps.count > maximumSteps { return .init(.tooLarge) }
    let buffers = first.reads + second.reads + first.writes + second.writes
    if buffers.count > maximumStreams && buffers.withoutRepetition().count > maximumStreams {
      return .init(.tooLarge)
    }
    if producer.isProduct {
      let large = Set((first.loads + second.loads).filter { isStream($0, first, second) }.map(\.buffer))
        .subtracting(first.writes)
      // What a step carries over to the next is updated at its end, for all products together.
      if large.count > maximumEpilogueStreams || !large.isDisjoint(with: carried) { return .init(.manyStreams) }
    }
    if case .product(let product, _) = producer.body, !second.reductions.isEmpty, product.hasFewRows {
      return .init(.fewRows)
    }
    return columns(first, second)
  }

  /// Whether two independent nests run over the same points and read an array in the same places, one element a point.
  func areSiblings(_ first: Flow, _ second: Flow) -> Bool {
    let sameLoops = first.outer == second.outer && first.inner == second.inner && first.order == second.order
    guard sameLoops, first.steps.count + second.steps.count <= maximumSteps,
      Set(first.reads + second.reads + first.writes + second.writes).count <= maximumStreams
    else { return false }
    let shared = Set(first.loads).intersection(second.loads)
    return shared.contains { isStream($0, first, second) }
  }

  private func isStream(_ load: Access, _ first: Flow, _ second: Flow) -> Bool {
    Set(load.indices.flatMap { Array($0.axes) }).count >= min(first.extents.count, second.extents.count)
  }

  /// A map joined to a column-wise reduction runs with the parallelism of the columns.
  private func columns(_ first: Flow, _ second: Flow) -> RefusalReason? {
    let pairs = [(first, second), (second, first)]
    for (reduction, map) in pairs where !reduction.reductions.isEmpty && map.reductions.isEmpty {
      let points = map.extents.reduce(1, *)
      let wide = reduction.outer.reduce(1, *) >= minimumColumns
      if reduction.order == .sequential && !wide && points > smallMap { return .init(.fewColumns) }
    }
    return nil
  }

  /// Whether a map is so cheap that it may be computed wherever it is read.
  func isCheap(_ flow: Flow) -> Bool { flow.steps.count <= 8 && flow.cost <= 2 && flow.loadCount <= 1 }

  /// Whether a map is so cheap beside reading its one large operand that storing its result would cost more than to compute it
  /// wherever it is read: a normalisation, an activation.
  func isWorthRepeating(_ flow: Flow, _ program: KernelProgram) -> Bool {
    guard flow.isMap, flow.stores.count == 1, flow.cost <= FusionHeuristics.repeatedCost, flow.steps.allSatisfy(isPlain)
    else { return false }
    let result = program[flow.stores[0].access.buffer]
    // Of rows that are looked up, as many elements are read as the result has.
    let indirect = Set(flow.loads.filter { !$0.indices.allSatisfy(\.hasNoValues) }.map(\.buffer))
    func count(_ buffer: BufferID) -> Int {
      min(program[buffer].count, indirect.contains(buffer) ? result.count : .max)
    }
    let large = Set(flow.loads.map(\.buffer)).filter { count($0) * FusionHeuristics.smallShare > result.count }
    return large.count == 1
      && large.allSatisfy { count($0) <= result.count && program[$0].dtype.byteSize <= result.dtype.byteSize }
  }

  private static let repeatedCost = 6
  /// Operands so many times smaller than the result stay in the cache.
  static let smallShare = 16

  /// Whether a step is arithmetic, or reads something that is there.
  private func isPlain(_ step: Instruction) -> Bool {
    switch step.operation {
    case .load(let access): access.fill == nil
    case .apply, .constant, .cast: true
    default: false
    }
  }

  /// Why a map should not be computed inside its consumer; nil if it should.
  /// - Parameter isRepeated: whether it is worth computing wherever it is read.
  func refusesInline(
    _ producer: Flow, into kernel: FusionKernel, consumers: Int, isRepeated: Bool = false, _ program: KernelProgram
  ) -> RefusalReason? {
    let buffer = producer.stores[0].access.buffer
    let readers = kernel.allFlows.filter { $0.reads.contains(buffer) }
    guard let consumer = readers.first else { return .init(.notLoops) }
    if producer.steps.count + consumer.steps.count > maximumSteps { return .init(.tooLarge) }
    if isCheap(producer) { return nil }
    if (consumers > 1 && !isRepeated) || readers.count > 1 { return .init(.recomputes) }
    let loads = consumer.loads.filter { $0.buffer == buffer }
    if loads.count > 1 { return .init(.recomputes) }
    // A copy into a larger buffer does not let its operand's memory go.
    if kernel.allFlows.count > 1 && !isWorthRepeating(producer, program) { return .init(.recomputes) }
    if isReadOnceARow(loads, kernel, consumer) { return nil }
    let produced = producer.extents.reduce(1, *)
    let read = consumer.extents.reduce(1, *)
    return read > produced + produced / 2 ? .init(.recomputes) : nil
  }

  /// Whether a consumer writes more than twice what it reads of a product: the memory of the product's operands could go before so
  /// much is needed.
  func growsResult(_ product: Flow, _ consumer: Flow, _ program: KernelProgram) -> Bool {
    func bytes(_ flow: Flow) -> Int { Set(flow.writes).reduce(0) { $0 + program[$1].byteCount } }
    return bytes(consumer) / 2 > bytes(product)
  }

  /// Whether a buffer is walked through other than evenly along the loops of a product's tile, or in short runs only: that costs more
  /// than a pass of its own.
  func walksUnevenly(_ flow: Flow, _ program: KernelProgram) -> Bool {
    let stage = Stage(inner: Array(flow.extents.suffix(1)), body: flow.steps, stores: flow.stores)
    let nest = LoopNest(outer: Array(flow.extents.dropLast()), stages: [stage]).splittingAxes()
    let inner = nest.stages[0].inner
    if inner.count > 1 && inner[inner.count - 1] < FusionHeuristics.shortRun { return true }
    let loads = nest.stages[0].body.compactMap { if case .load(let access) = $0.operation { access } else { nil } }
    return (loads + nest.stages[0].stores.map(\.access)).contains { access in
      access.indices.allSatisfy(\.hasNoValues)
        && !access.position(in: program[access.buffer]).terms.allSatisfy {
          if case .axis = $0.atom { true } else { false }
        }
    }
  }

  private static let shortRun = 8

  /// Points of a row from which on what is computed once a row costs little beside it.
  private static let longRow = 64

  /// Whether values are read at places that stay the same along long rows: a channel's factor beside a convolution.
  private func isReadOnceARow(_ loads: [Access], _ kernel: FusionKernel, _ consumer: Flow) -> Bool {
    let inner = kernel.isProduct ? consumer.extents.suffix(1) : consumer.inner[...]
    let first = consumer.extents.count - inner.count
    return inner.reduce(1, *) >= FusionHeuristics.longRow
      && loads.allSatisfy { load in load.indices.allSatisfy { index in index.axes.allSatisfy { $0 < first } } }
  }
}

extension Contraction {
  /// Whether it has several tiles a row, and too few such rows of tiles to make each the work of one thread: then nothing is
  /// found from its whole rows.
  public var hasFewRows: Bool {
    let items = batch.reduce(1, *) * ((m - 1) / tiling.rows + 1)
    return n > tiling.columns && items < Contraction.fewestItems
  }

  private static let fewestItems = 16
}
