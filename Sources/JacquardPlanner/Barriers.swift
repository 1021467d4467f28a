import JacquardCore
import JacquardKernels

/// Where threads must meet: before a kernel that touches memory which a kernel since the last meeting wrote, or writes
/// memory which one read.
enum Barriers {
  /// - Parameter given: barriers that are there in any case.
  static func needed(
    _ program: KernelProgram, _ storage: [Plan.Storage], given: [Bool]? = nil
  ) -> [Bool] {
    var reads: [MemoryRegion] = []
    var writes: [MemoryRegion] = []
    var result: [Bool] = []
    for (index, kernel) in program.kernels.enumerated() {
      if given?[index] ?? false {
        reads = []
        writes = []
      }
      let ownReads = kernel.reads.compactMap { region($0, program, storage) }
      let ownWrites = kernel.writes.compactMap { region($0, program, storage) }
      let conflict =
        ownReads.contains { own in writes.contains { $0.overlaps(own) } }
        || ownWrites.contains { own in writes.contains { $0.overlaps(own) } || reads.contains { $0.overlaps(own) } }
      if conflict {
        reads = []
        writes = []
      }
      reads += ownReads
      writes += ownWrites
      result.append(conflict)
    }
    return result
  }

  /// Adds a barrier where a kernel writes the memory of an input and, since the last barrier, indices were checked:
  /// behind it every thread knows whether the step has failed, and leaves the old values alone.
  static func protectingInputs(_ barriers: [Bool], _ program: KernelProgram, _ storage: [Plan.Storage]) -> [Bool] {
    var result = barriers
    var isOpen = false
    for (index, kernel) in program.kernels.enumerated() {
      result[index] = result[index] || (isOpen && kernel.writesInput(storage))
      isOpen = kernel.canFail || (isOpen && !result[index])
    }
    return result
  }

  static func region(_ buffer: BufferID, _ program: KernelProgram, _ storage: [Plan.Storage]) -> MemoryRegion? {
    let bytes = program[buffer].byteCount
    switch storage[buffer.index] {
    case .unused, .constant: return nil
    case .input(let index): return MemoryRegion(space: index, low: 0, high: bytes)
    case .arena(let offset): return MemoryRegion(space: -1, low: offset, high: offset + bytes)
    }
  }
}

/// Bytes that a buffer takes, in the arena or in the memory of an input.
public struct MemoryRegion: Hashable, Sendable {
  /// Position of the input, or -1 for the arena.
  var space: Int
  var low: Int
  var high: Int

  /// Whether the two have a byte in common.
  public func overlaps(_ other: MemoryRegion) -> Bool { space == other.space && low < other.high && other.low < high }
}

extension Kernel {
  /// Whether it replaces a parameter or state in place.
  fileprivate func writesInput(_ storage: [Plan.Storage]) -> Bool {
    writes.contains { if case .input = storage[$0.index] { true } else { false } }
  }
}

extension Plan {
  /// Whether a step that fails in a kernel leaves all inputs as they were: none is written before the next barrier,
  /// behind which no kernel begins.
  public func keepsInputs(failingIn kernel: Int) -> Bool {
    let end = barriers.indices.first { $0 > kernel && barriers[$0] } ?? barriers.count
    return !program.kernels[..<end].contains { $0.writesInput(storage) }
  }

  /// Where a buffer lies; nil for constants and buffers without memory.
  public func region(_ buffer: BufferID) -> MemoryRegion? { Barriers.region(buffer, program, storage) }
}
