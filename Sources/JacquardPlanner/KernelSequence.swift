/// An order of kernels in which each comes after those that it depends on, kept while kernels are joined.
struct KernelSequence {
  /// Place of each kernel.
  private(set) var position: [Int]
  private var kernels: [Int]

  /// - Parameter count: kernels that are in order by their numbers.
  init(count: Int) {
    position = Array(0..<count)
    kernels = position
  }

  /// Lets a kernel stand for itself and for one that came before it.
  ///
  /// - Parameter later: what depends on the earlier kernel and stood between the two: it now follows both.
  mutating func merge(_ earlier: Int, into kernel: Int, before later: [Int]) {
    if later.isEmpty { return }
    let isLater = Set(later)
    let range = position[earlier]...position[kernel]
    let moved = kernels[range].filter { isLater.contains($0) }
    let rest = kernels[range].filter { !isLater.contains($0) }
    for (place, member) in zip(range, rest + moved) {
      kernels[place] = member
      position[member] = place
    }
  }
}
