import JacquardKernels

/// How one long reduction is cut into partial ones, so that several threads can share it. Part of the arithmetic, so it
/// follows from the shape alone.
struct ReductionSplit: Equatable {
  /// Position, among the reduced axes, of the one that is cut: the largest, the first of equals.
  var position: Int
  var parts: Int
  /// Elements of that axis in a part; the last part may have fewer.
  var chunk: Int

  /// The cut for an outer space of `outer` points over reduced axes with these extents, or nil for none.
  ///
  /// - In the order of lanes: fewer than 64 outer points and at least 32,768 inner ones are cut into parts of about
  ///   8,192, at most 64.
  /// - In sequence (an outer axis is contiguous, and threads share that too): fewer than 1,024 outer points and at least
  ///   4,096 inner ones are cut into parts of about 1,024, at most 16.
  ///
  /// A number of parts that divides the axis is preferred, down to half of the wanted one: its loads need no guard.
  static func choose(outer: Int, inner: [Int], order: LoopNest.Order) -> ReductionSplit? {
    let count = inner.product
    let wanted: Int
    switch order {
    case .lanes: wanted = outer < 64 && count >= 32_768 ? min(64, count / 8_192) : 1
    case .sequential: wanted = outer < 1_024 && count >= 4_096 ? min(16, count / 1_024) : 1
    }
    guard wanted > 1, let largest = inner.max(), let position = inner.firstIndex(of: largest), largest > 1 else {
      return nil
    }
    let most = min(wanted, largest)
    let parts = (max(2, most / 2)...most).last { largest % $0 == 0 } ?? most
    let chunk = (largest + parts - 1) / parts
    return ReductionSplit(position: position, parts: (largest + chunk - 1) / chunk, chunk: chunk)
  }

  /// Whether kept axes stand between reduced ones (the channels of a batch of images) with at least 64 elements behind them and at
  /// least 16 such rows: rows are then reduced by themselves, where their elements are made.
  static func isByRows(_ extents: [Int], reducing axes: [Int]) -> Bool {
    let kept = extents.indices.filter { !axes.contains($0) }
    guard let first = kept.first, let last = kept.last, last - first == kept.count - 1 else { return false }
    let (before, behind) = (extents[..<first].reduce(1, *), extents[(last + 1)...].reduce(1, *))
    return before > 1 && behind >= 64 && extents[...last].reduce(1, *) >= 16
  }

  /// `lanes` if the last axis with more than one element is reduced (neighbours in memory are combined), else `sequential`
  /// (neighbours belong to different results).
  static func order(_ extents: [Int], reducing axes: [Int]) -> LoopNest.Order {
    guard let last = extents.lastIndex(where: { $0 > 1 }) else { return .lanes }
    return axes.contains(last) ? .lanes : .sequential
  }
}
