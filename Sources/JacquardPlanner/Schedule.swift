import JacquardCore
import JacquardKernels

/// Orders the kernels of a program so that little memory is alive at once.
struct Schedule {
  private let program: KernelProgram
  private let count: Int
  /// For each kernel the kernels that must run before it.
  private let before: [[Int]]
  private let after: [[Int]]
  private let reads: [[Int]]
  private let writes: [[Int]]
  private let bytes: [Int]
  private let pinned: [Bool]

  /// - Parameter updates: what replaces inputs after the step, by the input: it takes no memory of its own if every
  ///   read of the old value comes before it is written.
  init(_ program: KernelProgram, updates: [(old: BufferID, new: BufferID)] = []) {
    self.program = program
    let count = program.kernels.count
    let reads = program.kernels.map { $0.reads.map(\.index) }
    let writes = program.kernels.map { $0.writes.map(\.index) }
    var writer = [Int](repeating: -1, count: program.buffers.count)
    for (kernel, buffers) in writes.enumerated() { for buffer in buffers { writer[buffer] = kernel } }
    var before = [[Int]](repeating: [], count: count)
    var after = before
    for kernel in 0..<count {
      for buffer in Set(reads[kernel]) where writer[buffer] >= 0 && writer[buffer] != kernel {
        if !before[kernel].contains(writer[buffer]) {
          before[kernel].append(writer[buffer])
          after[writer[buffer]].append(kernel)
        }
      }
    }
    Schedule.addReadsBeforeWrites(updates, reads, writer, &before, &after)
    // Inputs, what replaces them, and constants lie elsewhere.
    let replacing = Set(updates.map(\.new.index))
    bytes = program.buffers.enumerated().map { index, buffer in
      writer[index] < 0 || replacing.contains(index) ? 0 : roundedTo64(buffer.byteCount)
    }
    var pinned = [Bool](repeating: false, count: program.buffers.count)
    for result in program.results { pinned[result.index] = true }
    (self.count, self.before, self.after, self.reads, self.writes, self.pinned) =
      (count, before, after, reads, writes, pinned)
  }

  /// Lets every kernel that reads an input run before the one that writes its new value, unless it depends on that one.
  private static func addReadsBeforeWrites(
    _ updates: [(old: BufferID, new: BufferID)], _ reads: [[Int]], _ writer: [Int], _ before: inout [[Int]],
    _ after: inout [[Int]]
  ) {
    if updates.isEmpty { return }
    var readers: [Int: [Int]] = [:]
    let old = Set(updates.map(\.old.index))
    for (kernel, buffers) in reads.enumerated() {
      for buffer in buffers where old.contains(buffer) { readers[buffer, default: []].append(kernel) }
    }
    for update in updates {
      let target = writer[update.new.index]
      let sources = Set(readers[update.old.index] ?? []).subtracting([target])
      if target < 0 || sources.isEmpty { continue }
      var seen: Set<Int> = [target]
      var stack = [target]
      while let next = stack.popLast() {
        for kernel in after[next] where seen.insert(kernel).inserted { stack.append(kernel) }
      }
      for source in sources.sorted() where !seen.contains(source) && !before[target].contains(source) {
        before[target].append(source)
        after[source].append(target)
      }
    }
  }

  /// The order of the program, changed only where something must come first.
  private func givenOrder() -> [Int] {
    var order: [Int] = []
    var state = [UInt8](repeating: 0, count: count)
    for root in 0..<count {
      var stack = [root]
      while let top = stack.last {
        if state[top] == 0 {
          state[top] = 1
          stack += before[top].filter { state[$0] == 0 }
          continue
        }
        stack.removeLast()
        if state[top] == 1 { order.append(top) }
        state[top] = 2
      }
    }
    return order
  }

  /// The best order found: the given one, a greedy one, and what moving single kernels improves.
  func best() -> [Int] {
    let given = givenOrder()
    if count < 3 { return given }
    var order = given
    var cost = self.cost(given)
    let greedy = greedyOrder()
    let greedyCost = self.cost(greedy)
    if greedyCost < cost { (order, cost) = (greedy, greedyCost) }
    if count <= 128 { order = improved(order, cost) }
    return order
  }

  /// Peak and sum of live bytes over the steps; the peak counts first.
  struct Cost: Comparable {
    var peak: Int
    var sum: Int
    static func < (a: Cost, b: Cost) -> Bool { a.peak != b.peak ? a.peak < b.peak : a.sum < b.sum }
  }

  func cost(_ order: [Int]) -> Cost {
    var remaining = [Int](repeating: 0, count: bytes.count)
    for kernel in order { for buffer in reads[kernel] { remaining[buffer] += 1 } }
    var live = 0
    var result = Cost(peak: 0, sum: 0)
    for kernel in order {
      var born = 0
      var dying = 0
      for buffer in writes[kernel] { born += bytes[buffer] }
      for buffer in reads[kernel] {
        remaining[buffer] -= 1
        if remaining[buffer] == 0 && !pinned[buffer] { dying += bytes[buffer] }
      }
      for buffer in writes[kernel] where remaining[buffer] == 0 && !pinned[buffer] { dying += bytes[buffer] }
      live += born
      result.peak = max(result.peak, live)
      result.sum += live
      live -= dying
    }
    return result
  }

  /// Takes, among the kernels that are ready, the one after which least is alive.
  private func greedyOrder() -> [Int] {
    var waiting = before.map(\.count)
    var remaining = [Int](repeating: 0, count: bytes.count)
    for kernel in 0..<count { for buffer in reads[kernel] { remaining[buffer] += 1 } }
    var ready = (0..<count).filter { waiting[$0] == 0 }
    var order: [Int] = []
    func growth(_ kernel: Int) -> Int {
      var change = 0
      for buffer in writes[kernel] where remaining[buffer] > 0 || pinned[buffer] { change += bytes[buffer] }
      for buffer in reads[kernel] where remaining[buffer] == 1 && !pinned[buffer] { change -= bytes[buffer] }
      return change
    }
    while !ready.isEmpty {
      var choice = 0
      var least = Int.max
      // A long list of ready kernels is looked through only in part: the order of the program is good already.
      for (position, kernel) in ready.prefix(64).enumerated() {
        let change = growth(kernel)
        if change < least { (choice, least) = (position, change) }
      }
      let kernel = ready.remove(at: choice)
      order.append(kernel)
      for buffer in reads[kernel] { remaining[buffer] -= 1 }
      for next in after[kernel] {
        waiting[next] -= 1
        if waiting[next] == 0 { ready.append(next) }
      }
    }
    return order
  }

  /// Moves single kernels to other places as long as that lowers the cost.
  private func improved(_ start: [Int], _ startCost: Cost) -> [Int] {
    var order = start
    var cost = startCost
    var budget = min(20_000, 600_000 / count)
    var progress = true
    while progress && budget > 0 {
      progress = false
      for kernel in 0..<count {
        guard let position = order.firstIndex(of: kernel) else { continue }
        let earliest = before[kernel].compactMap { order.firstIndex(of: $0) }.max().map { $0 + 1 } ?? 0
        let latest = after[kernel].compactMap { order.firstIndex(of: $0) }.min().map { $0 - 1 } ?? count - 1
        for target in stride(from: earliest, through: latest, by: 1) where target != position && budget > 0 {
          budget -= 1
          var candidate = order
          candidate.remove(at: position)
          candidate.insert(kernel, at: target)
          let next = self.cost(candidate)
          if next < cost {
            (order, cost, progress) = (candidate, next, true)
            break
          }
        }
      }
    }
    return order
  }
}

/// The next multiple of 64. - Precondition: the size comes from a checked type.
func roundedTo64(_ bytes: Int) -> Int { (bytes &+ 63) & ~63 }
