import JacquardCore
import JacquardKernels

/// Why two kernels were not fused.
public struct FusionRefusal: Hashable, Sendable, Codable {
  /// Why not; the raw value is what people read.
  public enum Reason: String, Hashable, Sendable, Codable {
    // Legality
    /// A scatter, a library call, control flow, or several loop nests.
    case notLoops = "one of them is not a single loop nest"
    /// No value goes from one to the other, or only as the operand of a product.
    case notConnected = "neither reads what the other writes"
    /// A value is needed at a point of the loops before or after the one at which it is there.
    case otherPoints = "the value is read at other points than where it is computed"
    /// No expression of one's loop variables gives each of the other's.
    case spacesDiffer = "their iteration spaces differ"
    /// One nest has one order of addition (`LoopNest.Order`).
    case ordersDiffer = "their reductions add in different orders"
    /// The stages of a nest have one inner space.
    case innerDiffers = "their inner loops have different extents"
    /// A third kernel would have to run both after the joined one and before it.
    case cyclic = "another kernel stands between them"
    /// The positions are values of the step, so that which element is needed is not known when compiling.
    case indirect = "the value is read at run-time positions"
    /// An epilogue goes through each tile once; whole rows are complete only after the last tile.
    case reductionInEpilogue = "a reduction cannot run inside a product's tile"
    /// The value must be in memory, as an output, an update or for another kernel.
    case isResult = "the value is wanted outside"
    /// A product, a library call or a draw reads it from memory.
    case isOperand = "the value is the operand of a product"
    /// Otherwise a step could fail after a parameter has changed.
    case delaysCheck = "an index must be checked before a parameter is overwritten"
    // Heuristics
    /// More instructions or arrays than `FusionHeuristics` allows.
    case tooLarge = "the joined kernel would be too large"
    /// It is no cheap map, and is read several times or at more points than it has.
    case recomputes = "an expensive value would be computed several times"
    /// A column-wise reduction is dealt to threads by columns, and the map would be dealt so, too.
    case fewColumns = "too few columns to keep the threads busy"
    /// The epilogue would read too many arrays as large as the result, or values that a step updates.
    case manyStreams = "the product's tile would be pushed out of the cache"
    /// The epilogue would jump in memory, which costs more than a pass of its own.
    case unevenWalk = "a buffer would be walked through unevenly in a product's tile"
    /// Where whole rows are reduced, all tiles of a row are one thread's.
    case fewRows = "too few tiles of whole rows to keep the threads busy"
    /// The consumer writes more than twice the bytes of the product.
    case growsResult = "the result is larger than what it is made from, whose operands' memory can go before"
    /// The options leave it out.
    case switchedOff = "fusion is switched off"
  }

  /// The graph nodes of the kernel that writes.
  public var producer: [NodeID]
  /// The graph nodes of the kernel that reads.
  public var consumer: [NodeID]
  /// The first reason that was found.
  public var reason: Reason
}

/// How the axes of a consumer and a producer correspond.
struct Alignment {
  /// The space of the joined flow: that of the producer or that of the consumer.
  var usesProducerSpace: Bool
  /// For the flow that moves: an expression of the kept space for each of its axes.
  var axes: [IndexExpression]
  /// The consumer that moves, if its axes had to be cut for that.
  var consumer: Flow?
}

enum FusionLegality {
  /// Whether a consumer can run inside a producer's loops (or the other way round) with every shared value passed on
  /// at the point where it is computed.
  static func align(
    producer: FusionKernel, consumer: FusionKernel
  ) -> Result<Alignment, RefusalReason> {
    guard let first = producer.flow, let second = consumer.loop else { return .failure(.init(.notLoops)) }
    if case .scatter = producer.body { return .failure(.init(.notLoops)) }
    var shared: [Access] = []
    for step in second.steps {
      if case .load(let load) = step.operation, first.writes(load.buffer) { shared.append(load) }
    }
    if shared.isEmpty || consumer.fixedReads.contains(where: first.writes(_:)) { return .failure(.init(.notConnected)) }
    if first.isMap && !producer.isProduct {
      return alignProducer(first, second, shared)
    }
    if !producer.isProduct { return alignConsumer(first, second, shared) }
    // What comes of whole rows is not there yet, and no tile is gone through twice.
    let levels = first.levels
    let isOfRows = shared.contains { load in
      first.stores.contains { $0.access.buffer == load.buffer && levels[$0.value] > 0 }
    }
    if isOfRows || !second.isOnePass { return .failure(.init(.reductionInEpilogue)) }
    let space = second.reductions.isEmpty ? first : first.withColumnsInside()
    let whole = alignConsumer(space, second, shared)
    guard case .failure = whole else { return whole }
    let cut = second.splittingAxes()
    if cut.extents == second.extents { return whole }
    return alignConsumer(space, cut, cut.loads.filter { first.writes($0.buffer) }).map { found in
      Alignment(usesProducerSpace: true, axes: found.axes, consumer: cut)
    }
  }

  /// The producer is a map: it moves into the consumer's space.
  private static func alignProducer(
    _ first: Flow, _ second: Flow, _ shared: [Access]
  ) -> Result<Alignment, RefusalReason> {
    var axes = [IndexExpression?](repeating: nil, count: first.extents.count)
    for load in shared {
      guard let store = first.stores.first(where: { $0.access.buffer == load.buffer }) else { continue }
      if load.fill != nil { return .failure(.init(.otherPoints)) }
      for (written, read) in zip(store.access.indices, load.indices) {
        guard let axis = written.singleAxis else {
          if written == read { continue }
          return .failure(.init(.otherPoints))
        }
        if let known = axes[axis], known != read { return .failure(.init(.otherPoints)) }
        axes[axis] = read
      }
    }
    let found = axes.compactMap { $0 }
    let targets = found.compactMap(\.singleAxis)
    // All points of the consumer's space, or one a row.
    let covered = Set(targets)
    let full = covered == Set(second.extents.indices)
    let rows = covered == Set(second.outer.indices) && !second.inner.isEmpty
    guard found.count == axes.count, targets.count == found.count, covered.count == targets.count, full || rows else {
      return .failure(.init(.otherPoints))
    }
    for (axis, target) in targets.enumerated() where first.extents[axis] != second.extents[target] {
      return .failure(.init(.spacesDiffer))
    }
    return .success(Alignment(usesProducerSpace: false, axes: found))
  }

  /// The producer reduces or is a product: the consumer moves into its space.
  private static func alignConsumer(
    _ first: Flow, _ second: Flow, _ shared: [Access]
  ) -> Result<Alignment, RefusalReason> {
    var axes = [IndexExpression?](repeating: nil, count: second.extents.count)
    for load in shared {
      guard let store = first.stores.first(where: { $0.access.buffer == load.buffer }) else { continue }
      if load.fill != nil { return .failure(.init(.otherPoints)) }
      for (written, read) in zip(store.access.indices, load.indices) {
        if read.singleAxis == nil && written == read { continue }
        guard let digits = digits(of: written, first.extents, read, second.extents) else {
          return .failure(.init(.otherPoints))
        }
        for (axis, digit) in digits {
          if let known = axes[axis], known != digit { return .failure(.init(.otherPoints)) }
          axes[axis] = digit
        }
      }
    }
    return complete(first, second, axes)
  }

  /// What the axes of an index must be for it to be what was written: its digits. Nil if it does not run through the same values.
  private static func digits(
    of written: IndexExpression, _ space: [Int], _ read: IndexExpression, _ extents: [Int]
  ) -> [(axis: Int, digit: IndexExpression)]? {
    if let axis = read.singleAxis { return [(axis, written)] }
    guard let digits = read.digits(in: extents), !digits.isEmpty, let range = written.range(in: space),
      range == 0...digits.reduce(1, { $0 * extents[$1.axis] }) - 1
    else { return nil }
    return digits.map { axis, factor in
      (axis, written.floorDiv(factor, in: space).remainder(extents[axis], in: space))
    }
  }

  /// Gives the axes that no shared value fixes to the inner loops, and checks that the two spaces then agree.
  private static func complete(
    _ first: Flow, _ second: Flow, _ partial: [IndexExpression?]
  ) -> Result<Alignment, RefusalReason> {
    var axes = partial
    let open = axes.indices.filter { axes[$0] == nil }
    if !open.isEmpty {
      if open.map({ second.extents[$0] }) != first.inner { return .failure(.init(.innerDiffers)) }
      for (k, axis) in open.enumerated() { axes[axis] = .axis(first.outer.count + k) }
    }
    let found = axes.compactMap { $0 }
    let extents = first.extents
    var covered = [Bool](repeating: false, count: extents.count)
    for expression in found { expression.forEachAxis { covered[$0] = true } }
    guard covered.prefix(first.outer.count).allSatisfy({ $0 }) else { return .failure(.init(.spacesDiffer)) }
    let inner = covered.dropFirst(first.outer.count)
    guard inner.allSatisfy({ !$0 }) || inner.allSatisfy({ $0 }) else { return .failure(.init(.spacesDiffer)) }
    // Each point of the consumer is one of the producer: no two of its axes run along the same one (an outer product).
    let points = zip(covered, extents).reduce(1) { $1.0 ? $0 &* $1.1 : $0 }
    let areDistinct = found.indices.allSatisfy { !found[..<$0].contains(found[$0]) }
    guard areDistinct, points == second.extents.reduce(1, &*) else { return .failure(.init(.otherPoints)) }
    for (axis, target) in found.enumerated() {
      if let single = target.singleAxis, second.extents[axis] != extents[single] {
        return .failure(.init(.spacesDiffer))
      }
    }
    if !second.reductions.isEmpty {
      if second.order != first.order && !first.reductions.isEmpty { return .failure(.init(.ordersDiffer)) }
      let (rows, points) = (found[..<second.outer.count], Array(found[second.outer.count...]))
      if rows.contains(where: first.runsInside) || !runInOrder(points, second.inner, first) {
        return .failure(.init(.innerDiffers))
      }
    }
    return .success(Alignment(usesProducerSpace: true, axes: found))
  }

  /// Whether inner loops that become these expressions walk through the inner space of a flow, from its first point to its last:
  /// they are its axes, or the digits of its only one.
  private static func runInOrder(_ points: [IndexExpression], _ extents: [Int], _ flow: Flow) -> Bool {
    let inner = flow.outer.count..<flow.extents.count
    if points.map(\.singleAxis) == inner.map({ Optional($0) }) { return true }
    guard inner.count == 1 else { return false }
    var step = 1
    for (point, extent) in zip(points, extents).reversed() {
      let digit = IndexExpression.axis(inner.lowerBound).floorDiv(step, in: flow.extents)
      if point != digit.remainder(extent, in: flow.extents) { return false }
      step *= extent
    }
    return step == flow.inner[0]
  }

  /// Whether a map may be computed again wherever it is read: its only store is the buffer, and every read is at
  /// positions known when compiling.
  static func canInline(_ producer: FusionKernel, into consumer: FusionKernel) -> RefusalReason? {
    guard let first = producer.loop, first.isMap, first.stores.count == 1, !consumer.allFlows.isEmpty else {
      return .init(.notLoops)
    }
    let buffer = first.stores[0].access.buffer
    let places = first.stores[0].access.indices
    guard places.allSatisfy({ $0.singleAxis != nil || $0.isConstant }),
      Set(places.compactMap(\.singleAxis)) == Set(first.extents.indices)
    else { return .init(.otherPoints) }
    if consumer.fixedReads.contains(buffer) { return .init(.isOperand) }
    let steps = consumer.allFlows.flatMap(\.steps)
    let keys = steps.contains { if case .random(_, buffer, _) = $0.operation { true } else { false } }
    if keys { return .init(.isOperand) }
    let draws = first.steps.contains { if case .random = $0.operation { true } else { false } }
    // Outside its space a draw has no element.
    let flows = consumer.allFlows
    func reads(where condition: (Access) -> Bool) -> Bool {
      flows.contains { $0.hasLoad { $0.buffer == buffer && condition($0) } }
    }
    if draws && reads(where: { $0.fill != nil }) { return .init(.otherPoints) }
    return reads { !$0.indices.allSatisfy(\.hasNoValues) } ? .init(.indirect) : nil
  }
}

/// A reason as an error, for `Result`.
struct RefusalReason: Error {
  let reason: FusionRefusal.Reason
  init(_ reason: FusionRefusal.Reason) { self.reason = reason }
}
