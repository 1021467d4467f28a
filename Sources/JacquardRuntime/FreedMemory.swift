import Foundation
import JacquardCore
import JacquardKernels
import JacquardPlanner

/// Which bytes of a plan's arena come into use with each kernel or section, and which hold nothing after it.
///
/// Worked out from what kernels read and write, not from the plan's memory report. It is for tests: whoever reads memory that
/// holds nothing finds NaN there, and in a process with AddressSanitizer is reported for touching it at all.
struct FreedMemory {
  private let taken: [[Range<Int>]]
  private let freed: [[Range<Int>]]
  private let bytes: Int

  init(_ plan: Plan) {
    let program = plan.program
    let units = program.units
    var lives: [BufferID: ClosedRange<Int>] = [:]
    for (position, unit) in units.enumerated() {
      for buffer in program.kernels[unit].flatMap({ $0.reads + $0.writes }) {
        lives[buffer] = (lives[buffer]?.lowerBound ?? position)...position
      }
    }
    // Results are read after the step.
    for result in program.results { lives[result] = (lives[result]?.lowerBound ?? 0)...units.count }
    var places: [(life: ClosedRange<Int>, bytes: Range<Int>)] = []
    for (buffer, life) in lives {
      guard case .arena(let offset) = plan.storage[buffer.index] else { continue }
      places.append((life, offset..<offset + program[buffer].byteCount))
    }
    taken = units.indices.map { unit in
      places.filter { $0.life.lowerBound == unit }.map(\.bytes)
    }
    freed = units.indices.map { unit in
      let kept = places.filter { $0.life.lowerBound <= unit && $0.life.upperBound > unit }.map(\.bytes)
      return places.filter { $0.life.upperBound == unit }.flatMap { FreedMemory.subtracting(kept, from: $0.bytes) }
    }
    bytes = plan.arenaBytes
  }

  private static func subtracting(_ kept: [Range<Int>], from range: Range<Int>) -> [Range<Int>] {
    kept.reduce([range]) { rest, other in
      rest.flatMap { part -> [Range<Int>] in
        if !part.overlaps(other) { return [part] }
        let (low, high) = (part.lowerBound, part.upperBound)
        return [low..<max(low, other.lowerBound), min(high, other.upperBound)..<high].filter { !$0.isEmpty }
      }
    }
  }

  // MARK: Filling

  /// All bits set: NaN in every float type, -1 in signed integers.
  static let filler: UInt8 = 0xFF

  /// The whole arena, before a step.
  func begin(_ arena: UnsafeMutableRawPointer) {
    AddressSanitizer.allow(arena, bytes)
    memset(arena, Int32(Self.filler), bytes)
    AddressSanitizer.forbid(arena, bytes)
  }

  func before(_ unit: Int, _ arena: UnsafeMutableRawPointer) {
    for range in taken[unit] { AddressSanitizer.allow(arena + range.lowerBound, range.count) }
  }

  func after(_ unit: Int, _ arena: UnsafeMutableRawPointer) {
    for range in freed[unit] {
      memset(arena + range.lowerBound, Int32(Self.filler), range.count)
      AddressSanitizer.forbid(arena + range.lowerBound, range.count)
    }
  }

  /// After a step, also one that failed: whoever comes next may touch everything.
  func end(_ arena: UnsafeMutableRawPointer) { AddressSanitizer.allow(arena, bytes) }
}

/// What a process with AddressSanitizer lets a program say of its memory; nothing happens in others.
private enum AddressSanitizer {
  private typealias Mark = @convention(c) (UnsafeRawPointer, Int) -> Void

  private static func function(_ name: String) -> Mark? {
    dlsym(nil, name).map { unsafeBitCast($0, to: Mark.self) }
  }

  private static let poison = function("__asan_poison_memory_region")
  private static let unpoison = function("__asan_unpoison_memory_region")

  static func forbid(_ place: UnsafeRawPointer, _ bytes: Int) { poison?(place, bytes) }
  static func allow(_ place: UnsafeRawPointer, _ bytes: Int) { unpoison?(place, bytes) }
}
