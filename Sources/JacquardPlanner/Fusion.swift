import JacquardCore
import JacquardKernels

/// Fuses the kernels of a program. The arithmetic stays the same to the bit; only memory traffic changes.
struct Fusion {
  private var program: KernelProgram
  let heuristics: FusionHeuristics
  private(set) var kernels: [FusionKernel?]
  private(set) var writer: [BufferID: Int] = [:]
  private var readers: [BufferID: Set<Int>] = [:]
  /// What each kernel reads and writes, without repetition.
  private var readsOf: [[BufferID]]
  private var writesOf: [[BufferID]]
  private let wanted: Set<BufferID>
  private let carried: Set<BufferID>
  let checks: CheckOrder
  private var sequence: KernelSequence
  var record = FusionRecord()

  /// - Parameter updates: inputs that the step updates, and what replaces them.
  init(_ program: KernelProgram, updates: [(old: BufferID, new: BufferID)], heuristics: FusionHeuristics) {
    self.program = program
    carried = Set(updates.map(\.old))
    checks = CheckOrder(program, replacements: Set(updates.map(\.new)))
    self.heuristics = heuristics
    kernels = program.kernels.map { FusionKernel($0) }
    readsOf = Array(repeating: [], count: kernels.count)
    writesOf = readsOf
    wanted = Set(program.results)
    sequence = KernelSequence(count: program.kernels.count)
    for index in kernels.indices { link(index) }
  }

  /// The whole of fusion, step by step.
  static func run(
    _ program: KernelProgram, updates: [(old: BufferID, new: BufferID)], heuristics: FusionHeuristics, enabled: Bool
  ) -> (KernelProgram, FusionRecord) {
    var fusion = Fusion(program, updates: updates, heuristics: heuristics)
    fusion.removeViews()
    fusion.inlineCheapMaps()
    if enabled {
      fusion.joinAlongEdges()
      fusion.inlineSingleUses()
      fusion.joinAlongEdges()
      fusion.repeatLightMaps()
      fusion.removeDead()
      fusion.explain()
      fusion.group()
    }
    fusion.removeDead()
    return (fusion.finished(), fusion.record)
  }

  // MARK: Links

  private mutating func link(_ index: Int) {
    guard let kernel = kernels[index] else { return }
    (readsOf[index], writesOf[index]) = (unique(kernel.reads), unique(kernel.writes))
    for buffer in writesOf[index] { writer[buffer] = index }
    for buffer in readsOf[index] { readers[buffer, default: []].insert(index) }
  }

  private mutating func unlink(_ index: Int) {
    for buffer in writesOf[index] where writer[buffer] == index { writer[buffer] = nil }
    for buffer in readsOf[index] { readers[buffer]?.remove(index) }
    (readsOf[index], writesOf[index]) = ([], [])
  }

  private func unique(_ buffers: [BufferID]) -> [BufferID] {
    if buffers.count < 2 { return buffers }
    var seen: Set<BufferID> = []
    return buffers.filter { seen.insert($0).inserted }
  }

  mutating func replace(_ index: Int, by kernel: FusionKernel?) {
    unlink(index)
    kernels[index] = kernel
    link(index)
  }

  func producers(_ index: Int) -> [Int] {
    var seen: Set<Int> = [index]
    return readsOf[index].compactMap { writer[$0] }.filter { seen.insert($0).inserted }
  }

  func consumers(_ index: Int) -> Set<Int> {
    var result: Set<Int> = []
    for buffer in writesOf[index] { if let users = readers[buffer] { result.formUnion(users) } }
    result.remove(index)
    return result
  }

  // MARK: Views

  /// A copy whose elements lie in the same order as its source is no copy: its readers read the source.
  private mutating func removeViews() {
    for index in kernels.indices {
      guard let flow = kernels[index]?.loop, let view = identityView(flow), !wanted.contains(view.target) else {
        continue
      }
      for reader in readers[view.target] ?? [] { redirect(reader, view.target, to: view.source) }
      if readers[view.target]?.isEmpty ?? true { replace(index, by: nil) }
    }
  }

  private func identityView(_ flow: Flow) -> (target: BufferID, source: BufferID)? {
    guard flow.isMap, flow.stores.count == 1, case .load(let load) = flow.steps[flow.stores[0].value].operation,
      load.fill == nil, load.indices.allSatisfy({ $0.values.isEmpty })
    else { return nil }
    let store = flow.stores[0].access
    let (target, source) = (program[store.buffer], program[load.buffer])
    guard target.count == source.count, target.dtype == source.dtype,
      store.position(in: target) == load.position(in: source)
    else { return nil }
    return (store.buffer, load.buffer)
  }

  private mutating func redirect(_ reader: Int, _ target: BufferID, to source: BufferID) {
    guard var kernel = kernels[reader] else { return }
    if case .opaque = kernel.body { return }
    if case .flows(let flows) = kernel.body {
      kernel.body = .flows(flows.map { redirected($0, target, source) })
    } else if let flow = kernel.flow {
      kernel.setFlow(redirected(flow, target, source))
    }
    if case .product(var product, let epilogue) = kernel.body {
      if product.lhs.buffer == target { product.lhs.buffer = source }
      if product.rhs.buffer == target { product.rhs.buffer = source }
      kernel.body = .product(product, epilogue: epilogue)
    }
    if case .scatter(var scatter, let body) = kernel.body, scatter.base == target {
      scatter.base = source
      kernel.body = .scatter(scatter, body: body)
    }
    replace(reader, by: kernel)
  }

  /// The flow reading `source` wherever it read `target`, at the same position in memory. Guarded and indirect loads
  /// stay.
  private func redirected(_ flow: Flow, _ target: BufferID, _ source: BufferID) -> Flow {
    guard flow.reads.contains(target) else { return flow }
    let buffer = program[source]
    let space = flow.extents
    return flow.mappingLoads { access in
      guard access.buffer == target, access.fill == nil, access.indices.allSatisfy({ $0.values.isEmpty }) else {
        return access
      }
      let position = access.position(in: program[access.buffer])
      let indices = zip(buffer.extents, buffer.layout.strides).map { extent, stride in
        position.floorDiv(max(stride, 1), in: space).remainder(max(extent, 1), in: space)
      }
      return Access(source, indices, node: access.node)
    }
  }

  // MARK: Inlining

  /// Constants, broadcasts, casts and other views are computed where they are read.
  private mutating func inlineCheapMaps() {
    for index in kernels.indices {
      guard let flow = kernels[index]?.loop, flow.isMap, flow.stores.count == 1, heuristics.isCheap(flow) else {
        continue
      }
      for reader in consumers(index).sorted() { inline(index, into: reader, consumers: 1) }
      dropIfUnread(index)
    }
  }

  /// A map with one reader is computed in that reader even where the two cannot share their loops.
  private mutating func inlineSingleUses() {
    for index in kernels.indices {
      guard let flow = kernels[index]?.loop, flow.isMap, flow.stores.count == 1 else { continue }
      let users = consumers(index)
      guard users.count == 1, let user = users.first, !wanted.contains(flow.stores[0].access.buffer) else { continue }
      inline(index, into: user, consumers: users.count)
      dropIfUnread(index)
    }
  }

  private mutating func dropIfUnread(_ index: Int) {
    if kernels[index] == nil { return }
    if writesOf[index].allSatisfy({ (readers[$0]?.isEmpty ?? true) && !wanted.contains($0) }) {
      replace(index, by: nil)
    }
  }

  /// A map that costs less than to store and read its result is computed in each of its readers, if all of them can.
  private mutating func repeatLightMaps() {
    for index in kernels.indices {
      guard let flow = kernels[index]?.loop, heuristics.isWorthRepeating(flow, program) else { continue }
      let users = consumers(index).sorted()
      let all = users.allSatisfy { refusesInline(index, into: $0, consumers: users.count, isRepeated: true) == nil }
      guard all, !wanted.contains(flow.stores[0].access.buffer) else { continue }
      for user in users { inline(index, into: user, consumers: users.count, isRepeated: true) }
      dropIfUnread(index)
    }
  }

  private func refusesInline(
    _ producer: Int, into consumer: Int, consumers: Int, isRepeated: Bool = false
  ) -> RefusalReason? {
    guard let first = kernels[producer], let second = kernels[consumer], let source = first.loop else {
      return .init(.notLoops)
    }
    return FusionLegality.canInline(first, into: second) ?? refusesCheck(producer, consumer)
      ?? heuristics.refusesInline(source, into: second, consumers: consumers, isRepeated: isRepeated, program)
  }

  private mutating func inline(_ producer: Int, into consumer: Int, consumers: Int, isRepeated: Bool = false) {
    guard refusesInline(producer, into: consumer, consumers: consumers, isRepeated: isRepeated) == nil, let first = kernels[producer],
      var second = kernels[consumer], let source = first.loop
    else { return }
    second.mapFlows { $0.reads.contains(source.stores[0].access.buffer) ? $0.inlining(source) : $0 }
    second.nodes = merged(first.nodes, second.nodes)
    replace(consumer, by: second)
    record.steps.append(.init(kind: .inline, producer: first.nodes, consumer: second.nodes))
  }

  private func merged(_ a: [NodeID], _ b: [NodeID]) -> [NodeID] { Array(Set(a).union(b)).sorted() }

  // MARK: Joining

  /// Joins each kernel with its producers, as long as that is possible.
  private mutating func joinAlongEdges() {
    for index in kernels.indices {
      var refused: Set<Int> = []
      var progress = true
      while progress, kernels[index] != nil {
        progress = false
        for producer in producers(index).sorted(by: >) where !refused.contains(producer) {
          if !isTooLarge(producer, index) && join(producer, index) {
            progress = true
            break
          }
          refused.insert(producer)
        }
      }
    }
  }

  /// Spares a closer look at pairs that are too large in any case.
  private func isTooLarge(_ producer: Int, _ consumer: Int) -> Bool {
    (kernels[producer]?.stepCount ?? 0) + (kernels[consumer]?.stepCount ?? 0) > heuristics.maximumSteps
  }

  /// Puts a producer and a consumer into one kernel, at the consumer's number.
  private mutating func join(_ producer: Int, _ consumer: Int) -> Bool {
    guard let first = kernels[producer], let second = kernels[consumer] else { return false }
    guard case .success(let alignment) = check(producer, consumer),
      let later = between(producer, consumer),
      let joined = joined(first, second, alignment, producer, consumer)
    else { return false }
    replace(producer, by: nil)
    replace(consumer, by: joined)
    sequence.merge(producer, into: consumer, before: later)
    record.steps.append(.init(kind: .join, producer: first.nodes, consumer: second.nodes))
    return true
  }

  /// Whether two kernels may and should be joined.
  private func check(_ producer: Int, _ consumer: Int) -> Result<Alignment, RefusalReason> {
    guard let first = kernels[producer], let second = kernels[consumer] else { return .failure(.init(.notLoops)) }
    let alignment = FusionLegality.align(producer: first, consumer: second)
    guard case .success = alignment else { return alignment }
    if let reason = refusesCheck(producer, consumer) { return .failure(reason) }
    if let reason = heuristics.refusesJoin(first, second, carried: carried) { return .failure(reason) }
    return between(producer, consumer) == nil ? .failure(.init(.cyclic)) : alignment
  }

  /// For each kernel that reads what another wrote, why they are still two.
  private mutating func explain() {
    for consumer in kernels.indices where kernels[consumer] != nil {
      for producer in producers(consumer) {
        guard let first = kernels[producer], let second = kernels[consumer] else { continue }
        var reason = FusionRefusal.Reason.otherPoints
        if case .failure(let refusal) = check(producer, consumer) { reason = refusal.reason }
        record.refusals.append(FusionRefusal(producer: first.nodes, consumer: second.nodes, reason: reason))
      }
    }
  }

  private func joined(
    _ first: FusionKernel, _ second: FusionKernel, _ alignment: Alignment, _ producer: Int, _ consumer: Int
  ) -> FusionKernel? {
    guard let a = first.flow, let b = alignment.consumer ?? second.flow else { return nil }
    let space = alignment.usesProducerSpace ? a : b
    let order = a.reductions.isEmpty && !b.reductions.isEmpty ? b.order : a.order
    let identity = space.extents.indices.map { IndexExpression.axis($0) }
    let axesA = alignment.usesProducerSpace ? identity : alignment.axes
    let axesB = alignment.usesProducerSpace ? alignment.axes : identity
    var flow: Flow
    let mapA: [Int]
    if axesA == identity && a.extents == space.extents {
      // Nothing changes but where the inner loops begin.
      flow = a
      (flow.outer, flow.inner, flow.order) = (space.outer, space.inner, order)
      mapA = Array(a.steps.indices)
    } else {
      flow = Flow(outer: space.outer, inner: space.inner, order: order)
      mapA = flow.absorb(a, axes: axesA)
    }
    // Values by the position in memory that they were stored to.
    var stored: [Access: Int] = [:]
    for store in a.stores {
      let access = store.access.mapIndices { $0.substituting(axes: axesA, values: { mapA[$0] }, in: flow.extents) }
      stored[Access(access.buffer, access.indices)] = mapA[store.value]
    }
    let written = Set(a.writes)
    let missed = Flag()
    _ = flow.absorb(b, axes: axesB) { _, load in
      guard written.contains(load.buffer) else { return nil }
      guard load.fill == nil, let value = stored[Access(load.buffer, load.indices)] else {
        missed.isSet = true
        return nil
      }
      return value
    }
    if missed.isSet { return nil }
    flow.stores = flow.stores.filter { store in
      !written.contains(store.access.buffer) || isNeeded(store.access.buffer, beside: [producer, consumer])
    }
    if first.isProduct && heuristics.walksUnevenly(flow, program) { return nil }
    var result = first.isProduct ? first : second
    result.setFlow(flow)
    result.nodes = merged(first.nodes, second.nodes)
    return result
  }

  private final class Flag { var isSet = false }

  private func isNeeded(_ buffer: BufferID, beside: Set<Int>) -> Bool {
    wanted.contains(buffer) || !(readers[buffer] ?? []).subtracting(beside).isEmpty
  }

  /// The kernels that depend on a producer and stand before its consumer in the sequence; nil if the consumer depends
  /// on one of them, so that the two cannot be joined. A long search counts as a dependence.
  private func between(_ producer: Int, _ consumer: Int) -> Set<Int>? {
    let end = sequence.position[consumer]
    var found = consumers(producer).filter { sequence.position[$0] < end }
    var stack = Array(found)
    while let next = stack.popLast() {
      for follower in consumers(next) where sequence.position[follower] <= end {
        if follower == consumer { return nil }
        if found.insert(follower).inserted { stack.append(follower) }
      }
      if found.count > 4096 { return nil }
    }
    return found
  }

  private mutating func removeDead() {
    for index in kernels.indices.reversed() { dropIfUnread(index) }
  }

  // MARK: Result

  /// The kernels in a topological order that keeps to their numbers.
  func order() -> [Int] {
    var result: [Int] = []
    var state = [UInt8](repeating: 0, count: kernels.count)
    for root in kernels.indices where kernels[root] != nil {
      var stack = [root]
      while let top = stack.last {
        if state[top] == 2 {
          stack.removeLast()
        } else if state[top] == 1 {
          state[top] = 2
          result.append(top)
          stack.removeLast()
        } else {
          state[top] = 1
          stack += producers(top).filter { state[$0] == 0 }
        }
      }
    }
    return result
  }

  private func finished() -> KernelProgram {
    var result = program
    result.kernels = order().compactMap { index in
      guard let kernel = kernels[index] else { return nil }
      return kernel.finished(name: kernel.label)
    }
    return result
  }
}
