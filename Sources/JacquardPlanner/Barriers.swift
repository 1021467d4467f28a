import JacquardCore
import JacquardKernels

/// Where threads must meet: before a kernel that touches memory which a kernel since the last meeting wrote, or writes
/// memory which one read. A section counts as one kernel.
enum Barriers {
  /// - Parameter given: barriers that are there in any case.
  static func needed(
    _ program: KernelProgram, _ storage: [Plan.Storage], given: [Bool]? = nil
  ) -> [Bool] {
    var reads: [MemoryRegion] = []
    var writes: [MemoryRegion] = []
    var result: [Bool] = []
    for unit in program.units {
      if given?[unit.lowerBound] ?? false {
        reads = []
        writes = []
      }
      let ownReads = program.kernels[unit].flatMap(\.reads).compactMap { region($0, program, storage) }
      let ownWrites = program.kernels[unit].flatMap(\.writes).compactMap { region($0, program, storage) }
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
      // Nothing crosses threads between the kernels of a section.
      result += [Bool](repeating: false, count: unit.count - 1)
    }
    return result
  }

  /// Before every kernel or section but the first.
  static func everywhere(_ program: KernelProgram) -> [Bool] {
    program.units.flatMap { unit in unit.map { $0 > 0 && $0 == unit.lowerBound } }
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

  /// What a buffer takes of the memory that threads share.
  static func region(_ buffer: BufferID, _ program: KernelProgram, _ storage: [Plan.Storage]) -> MemoryRegion? {
    let bytes = program[buffer].byteCount
    switch storage[buffer.index] {
    case .unused, .constant, .scratch: return nil
    case .input(let index): return MemoryRegion(space: index, low: 0, high: bytes)
    case .arena(let offset): return MemoryRegion(space: -1, low: offset, high: offset + bytes)
    }
  }
}

/// Bytes that a buffer takes: in the arena, in the memory of an input, or with its slice in the block memory of a thread.
public struct MemoryRegion: Hashable, Sendable {
  /// Position of the input, -1 for the arena, or -2 for block memory.
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

  /// Where a buffer, or its slice, lies; nil for constants and buffers without memory.
  public func region(_ buffer: BufferID) -> MemoryRegion? {
    if case .scratch(let offset, let slice) = storage[buffer.index] {
      return MemoryRegion(space: -2, low: offset, high: offset + slice)
    }
    return Barriers.region(buffer, program, storage)
  }
}
