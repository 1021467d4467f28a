import JacquardKernels

/// What the kernels of a section, looked at one after another, do to their buffers.
struct SectionUses {
  struct Use {
    var isWritten: Bool
    var isBlockwise: Bool
    /// The first and the last of the kernels that touch it.
    var first: Int
    var last: Int
  }

  private(set) var buffers: [BufferID: Use] = [:]

  /// Adds the kernel at a position. What one kernel of a section writes and another touches must lie in slices: then a block meets
  /// nothing of another one.
  ///
  /// - Returns: A buffer because of which the kernels cannot be a section; nil if there is none.
  mutating func add(_ uses: [BufferID: BlockUse], at position: Int) -> BufferID? {
    for (buffer, use) in uses {
      guard let before = buffers[buffer] else {
        buffers[buffer] = Use(
          isWritten: use.writes, isBlockwise: use.isBlockwise, first: position, last: position)
        continue
      }
      let both = Use(
        isWritten: before.isWritten || use.writes, isBlockwise: before.isBlockwise && use.isBlockwise,
        first: before.first, last: position)
      if both.isWritten && !both.isBlockwise { return buffer }
      buffers[buffer] = both
    }
    return nil
  }
}
