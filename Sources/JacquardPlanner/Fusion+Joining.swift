import JacquardCore
import JacquardKernels

/// Two kernels, one of which reads what the other writes.
struct KernelPair: Hashable {
  var producer: Int
  var consumer: Int
}

/// Why two kernels, as they were after so many changes, are not joined.
struct KnownRefusal {
  var producerChanges: Int
  var consumerChanges: Int
  var reason: RefusalReason
}

// MARK: - Joining

extension Fusion {
  /// Joins each kernel with its producers, as long as that is possible.
  mutating func joinAlongEdges() {
    for index in kernels.indices {
      var refused: Set<Int> = []
      var progress = true
      while progress, kernels[index] != nil {
        progress = false
        for producer in producers(index).sorted(by: >) where !refused.contains(producer) {
          // Joined with one of its readers, it would be stored for the others.
          if repeatLightMap(producer, readers: 2) || (!isTooLarge(producer, index) && join(producer, index)) {
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
      case .success(let joined) = joined(first, second, alignment, producer, consumer)
    else { return false }
    replace(producer, by: nil)
    replace(consumer, by: joined)
    sequence.merge(producer, into: consumer, before: later)
    record.steps.append(.init(kind: .join, producer: first.nodes, consumer: second.nodes))
    return true
  }

  /// Whether two kernels may and should be joined, whatever stands between them.
  private mutating func check(_ producer: Int, _ consumer: Int) -> Result<Alignment, RefusalReason> {
    let pair = KernelPair(producer: producer, consumer: consumer)
    if let known = refusals[pair], known.producerChanges == changes[producer],
      known.consumerChanges == changes[consumer]
    {
      return .failure(known.reason)
    }
    let result = look(producer, consumer)
    if case .failure(let reason) = result {
      refusals[pair] = KnownRefusal(
        producerChanges: changes[producer], consumerChanges: changes[consumer], reason: reason)
    }
    return result
  }

  private func look(_ producer: Int, _ consumer: Int) -> Result<Alignment, RefusalReason> {
    guard let first = kernels[producer], let second = kernels[consumer] else { return .failure(.init(.notLoops)) }
    return look(first, second, producer, consumer)
  }

  /// - Parameter second: the kernel `consumer`, or a part of it.
  func look(
    _ first: FusionKernel, _ second: FusionKernel, _ producer: Int, _ consumer: Int
  ) -> Result<Alignment, RefusalReason> {
    let alignment = FusionLegality.align(producer: first, consumer: second)
    guard case .success = alignment else { return alignment }
    if first.isProduct, let product = first.flow, let reader = second.flow,
      heuristics.growsResult(product, reader, program)
    {
      return .failure(.init(.growsResult))
    }
    if let reason = refusesCheck(producer, consumer) { return .failure(reason) }
    if let reason = heuristics.refusesJoin(first, second, carried: carried) { return .failure(reason) }
    return alignment
  }

  /// For each kernel that reads what another wrote, why they are still two.
  mutating func explain() {
    for consumer in kernels.indices where kernels[consumer] != nil {
      for producer in producers(consumer) {
        guard let first = kernels[producer], let second = kernels[consumer] else { continue }
        let reason = refusal(first, second, producer, consumer)
        record.refusals.append(FusionRefusal(producer: first.nodes, consumer: second.nodes, reason: reason))
      }
    }
  }

  private mutating func refusal(
    _ first: FusionKernel, _ second: FusionKernel, _ producer: Int, _ consumer: Int
  ) -> FusionRefusal.Reason {
    switch check(producer, consumer) {
    case .failure(let refusal): return refusal.reason
    case .success(let alignment):
      if between(producer, consumer) == nil { return .cyclic }
      guard case .failure(let refusal) = joined(first, second, alignment, producer, consumer) else {
        return .otherPoints
      }
      return refusal.reason
    }
  }

  func joined(
    _ first: FusionKernel, _ second: FusionKernel, _ alignment: Alignment, _ producer: Int, _ consumer: Int
  ) -> Result<FusionKernel, RefusalReason> {
    guard var a = first.flow, let b = alignment.consumer ?? second.flow else {
      return .failure(.init(.notLoops))
    }
    if first.isProduct && !b.reductions.isEmpty { a = a.withColumnsInside() }
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
    let extents = flow.extents
    let stored = a.stores.map { store in
      let access = store.access.mapIndices { $0.substituting(axes: axesA, values: { mapA[$0] }, in: extents) }
      return Store(access, mapA[store.value])
    }
    let missed = Flag()
    _ = flow.absorb(b, axes: axesB) { _, load in
      guard a.writes(load.buffer) else { return nil }
      let store = stored.last { $0.access.buffer == load.buffer && $0.access.indices == load.indices }
      guard load.fill == nil, let store else {
        missed.isSet = true
        return nil
      }
      return store.value
    }
    if missed.isSet { return .failure(.init(.otherPoints)) }
    flow.stores = flow.stores.filter { store in
      !a.writes(store.access.buffer) || isNeeded(store.access.buffer, beside: [producer, consumer])
    }
    if first.isProduct && heuristics.walksUnevenly(flow, program) { return .failure(.init(.unevenWalk)) }
    var result = first.isProduct ? first : second
    result.setFlow(flow)
    result.nodes = merged(first.nodes, second.nodes)
    return .success(result)
  }

  private final class Flag { var isSet = false }

  private func isNeeded(_ buffer: BufferID, beside: [Int]) -> Bool {
    wanted.contains(buffer) || !readers[buffer.index].allSatisfy(beside.contains)
  }

  /// The kernels that depend on a producer and stand before its consumer in the sequence; nil if the consumer depends
  /// on one of them, so that the two cannot be joined. A long search counts as a dependence.
  mutating func between(_ producer: Int, _ consumer: Int) -> [Int]? {
    searches += 1
    let end = sequence.position[consumer]
    met[consumer] = searches
    var found = consumers(producer).filter { sequence.position[$0] < end }
    for kernel in found { met[kernel] = searches }
    var next = 0
    while next < found.count {
      for buffer in writesOf[found[next]] {
        for follower in readers[buffer.index] where sequence.position[follower] <= end {
          if follower == consumer { return nil }
          if met[follower] == searches { continue }
          met[follower] = searches
          found.append(follower)
        }
      }
      if found.count > 4096 { return nil }
      next += 1
    }
    return found
  }
}
