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

  public func overlaps(_ other: MemoryRegion) -> Bool { space == other.space && low < other.high && other.low < high }
}

extension Plan {
  /// Where a buffer lies; nil for constants and buffers without memory.
  public func region(_ buffer: BufferID) -> MemoryRegion? { Barriers.region(buffer, program, storage) }
}
