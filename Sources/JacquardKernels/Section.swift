/// Consecutive kernels that threads run block by block: one thread runs all of them on a block of their outermost loops before it
/// takes another one, so that what they hand to each other need not be there as a whole.
public struct Section: Hashable, Codable, Sendable {
  /// Number of the first kernel.
  public var first: Int
  /// How many kernels.
  public var count: Int
  /// Equal parts that the outer loops of each kernel fall into, in the order of their points.
  public var blocks: Int

  /// The kernels first ..< first + count in so many blocks.
  public init(first: Int, count: Int, blocks: Int) {
    (self.first, self.count, self.blocks) = (first, count, blocks)
  }

  /// The numbers of its kernels.
  public var kernels: Range<Int> { first..<first + count }
}

extension KernelProgram {
  /// The numbers of kernels that run together: those of a section, else one.
  public var units: [Range<Int>] {
    var result: [Range<Int>] = []
    func addKernels(before end: Int) {
      for kernel in (result.last?.upperBound ?? 0)..<end { result.append(kernel..<kernel + 1) }
    }
    for section in sections ?? [] {
      addKernels(before: section.first)
      result.append(section.kernels)
    }
    addKernels(before: kernels.count)
    return result
  }
}
