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
  public var smallMap = 16384
  /// Share of the memory in use that operands of a step's last kernels alone may take; these kernels run earlier if it is more.
  public var mostIdle = 0.25
  /// Bytes of such operands that may wait in any case.
  public var mostIdleBytes = 4 << 20
  /// Bytes of an operand from which on it counts for that.
  public var largeOperand = 65536

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
    return columns(first, second)
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

  /// Why a map should not be computed inside its consumer; nil if it should.
  func refusesInline(_ producer: Flow, into kernel: FusionKernel, consumers: Int) -> RefusalReason? {
    guard let consumer = kernel.flow else { return .init(.notLoops) }
    if producer.steps.count + consumer.steps.count > maximumSteps { return .init(.tooLarge) }
    if isCheap(producer) { return nil }
    if consumers > 1 { return .init(.recomputes) }
    let buffer = producer.stores[0].access.buffer
    let loads = consumer.loads.filter { $0.buffer == buffer }
    if loads.count > 1 { return .init(.recomputes) }
    if isReadOnceARow(loads, kernel, consumer) { return nil }
    let produced = producer.extents.reduce(1, *)
    let read = consumer.extents.reduce(1, *)
    return read > produced + produced / 2 ? .init(.recomputes) : nil
  }

  /// Whether a buffer is walked through other than evenly along the loops: in a product's tile that costs more than a pass of its
  /// own.
  func walksUnevenly(_ flow: Flow, _ program: KernelProgram) -> Bool {
    let accesses = flow.loads + flow.stores.map(\.access)
    return accesses.contains { access in
      access.indices.allSatisfy(\.hasNoValues)
        && !access.position(in: program[access.buffer]).terms.allSatisfy {
          if case .axis = $0.atom { true } else { false }
        }
    }
  }

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
