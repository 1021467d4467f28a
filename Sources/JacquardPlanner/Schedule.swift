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
  /// For each kernel its results, and the operands over which each may be written.
  private let overwrites: [[(result: Int, operands: [Int])]]

  /// - Parameter updates: what replaces inputs after the step, by the input: it takes no memory of its own if every
  ///   read of the old value comes before it is written. Where possible, checks that can fail come before it too.
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
      for buffer in reads[kernel] where writer[buffer] >= 0 && writer[buffer] != kernel {
        if !before[kernel].contains(writer[buffer]) {
          before[kernel].append(writer[buffer])
          after[writer[buffer]].append(kernel)
        }
      }
    }
    let readers = Schedule.readers(reads, of: Set(updates.map(\.old.index)))
    for update in updates {
      Schedule.add(readers[update.old.index] ?? [], before: writer[update.new.index], &before, &after)
    }
    let checks = program.kernels.indices.filter { program.kernels[$0].canFail }
    for update in updates { Schedule.add(checks, before: writer[update.new.index], &before, &after) }
    // Inputs, what replaces them, and constants lie elsewhere.
    let replacing = Set(updates.map(\.new.index))
    bytes = program.buffers.enumerated().map { index, buffer in
      writer[index] < 0 || replacing.contains(index) ? 0 : roundedTo64(buffer.byteCount)
    }
    var pinned = [Bool](repeating: false, count: program.buffers.count)
    for result in program.results { pinned[result.index] = true }
    (self.count, self.before, self.after, self.reads, self.writes, self.pinned) =
      (count, before, after, reads, writes, pinned)
    overwrites = count > Schedule.mostForImprovement ? [] : Schedule.overwrites(program, bytes, pinned)
  }

  /// Above this many kernels single ones are not moved, and in-place joins are not foreseen.
  private static let mostForImprovement = 128

  private static func overwrites(
    _ program: KernelProgram, _ bytes: [Int], _ pinned: [Bool]
  ) -> [[(result: Int, operands: [Int])]] {
    let rule = InPlace(program: program)
    return program.kernels.map { kernel in
      let operands = kernel.reads.filter { bytes[$0.index] > 0 && !pinned[$0.index] }
      return kernel.writes.filter { bytes[$0.index] > 0 }.map { result in
        (result.index, operands.filter { rule.canOverwrite(kernel, result, over: $0) }.map(\.index))
      }.filter { !$0.1.isEmpty }
    }
  }

  private static func readers(_ reads: [[Int]], of buffers: Set<Int>) -> [Int: [Int]] {
    var result: [Int: [Int]] = [:]
    for (kernel, own) in reads.enumerated() {
      for buffer in own where buffers.contains(buffer) { result[buffer, default: []].append(kernel) }
    }
    return result
  }

  /// Lets kernels run before another one, but for those that depend on it.
  private static func add(
    _ sources: [Int], before target: Int, _ before: inout [[Int]], _ after: inout [[Int]]
  ) {
    if target < 0 || sources.isEmpty { return }
    var seen: Set<Int> = [target]
    var stack = [target]
    while let next = stack.popLast() {
      for kernel in after[next] where seen.insert(kernel).inserted { stack.append(kernel) }
    }
    for source in sources where !seen.contains(source) && !before[target].contains(source) {
      before[target].append(source)
      after[source].append(target)
    }
  }

  /// The order of the program, changed only where something must come first.
  func givenOrder() -> [Int] { order(of: Array(0..<count)) }

  /// From each result, one after the other, first all that it depends on: what a plain evaluation of the graph would do.
  func depthFirst() -> [Int] {
    let results = program.results.compactMap { result in writes.firstIndex { $0.contains(result.index) } }
    return order(of: results + Array(0..<count))
  }

  /// All that kernels depend on, and they themselves, depth first.
  private func order(of roots: [Int]) -> [Int] {
    var order: [Int] = []
    var state = [UInt8](repeating: 0, count: count)
    for root in roots {
      var stack = [root]
      while let top = stack.last {
        if state[top] == 0 {
          state[top] = 1
          stack += before[top].reversed().filter { state[$0] == 0 }
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
    if count <= Schedule.mostForImprovement { order = improved(order, cost) }
    return order
  }

  /// Peak and sum of live bytes over the steps; the peak counts first.
  struct Cost: Comparable {
    var peak: Int
    var sum: Int
    static func < (a: Cost, b: Cost) -> Bool { a.peak != b.peak ? a.peak < b.peak : a.sum < b.sum }
  }

  /// - Parameter inPlace: Whether a result may take the memory of an operand that dies.
  func cost(_ order: [Int], inPlace: Bool = true) -> Cost {
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
      let shared = inPlace ? handedOn(kernel, remaining) : 0
      live += born - shared
      result.peak = max(result.peak, live)
      result.sum += live
      live -= dying - shared
    }
    return result
  }

  /// Bytes of dying operands that a kernel writes its results over.
  private func handedOn(_ kernel: Int, _ remaining: [Int]) -> Int {
    if overwrites.isEmpty { return 0 }
    var taken: [Int] = []
    var total = 0
    for (result, operands) in overwrites[kernel] {
      guard let operand = operands.first(where: { remaining[$0] == 0 && !taken.contains($0) }) else { continue }
      taken.append(operand)
      total += bytes[result]
    }
    return total
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
package func roundedTo64(_ bytes: Int) -> Int { (bytes &+ 63) & ~63 }
