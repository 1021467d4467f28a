import Foundation
import JacquardCore

/// Zeroed memory, 64-byte aligned, never empty. Much of it costs nothing before it is first written.
final class AlignedMemory {
  let bytes: UnsafeMutableRawPointer
  /// Of a mapping of its own; 0 of memory that the C library gave.
  private let mappedBytes: Int

  /// - Throws: `Diagnostic` if there is no such memory.
  init(_ byteCount: Int) throws(Diagnostic) {
    guard byteCount >= AlignedMemory.large else {
      bytes = try AlignedMemory.allocate((max(byteCount, 1) + 63) & ~63)
      mappedBytes = 0
      return
    }
    guard byteCount <= Int.max - AlignedMemory.largePage else { throw AlignedMemory.none(byteCount) }
    let rounded = (byteCount + AlignedMemory.largePage - 1) & ~(AlignedMemory.largePage - 1)
    bytes = try AlignedMemory.map(rounded)
    mappedBytes = rounded
  }

  deinit {
    if mappedBytes > 0 { munmap(bytes, mappedBytes) } else { free(bytes) }
  }

  /// From here on a mapping in large pages is worth having: a step that walks through small ones spends much of its time on
  /// finding them.
  private static let large = 4 << 20
  private static let largePage = 2 << 20

  private static func none(_ byteCount: Int) -> Diagnostic {
    Diagnostic("no memory for \(byteCount) bytes", kind: .runtime)
  }

  private static func allocate(_ byteCount: Int) throws(Diagnostic) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, byteCount) == 0, let memory else { throw none(byteCount) }
    memset(memory, 0, byteCount)
    return memory
  }

  /// A mapping that begins where a large page may: what the system gives is longer, and its ends are given back.
  private static func map(_ byteCount: Int) throws(Diagnostic) -> UnsafeMutableRawPointer {
    let whole = mmap(nil, byteCount + largePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let whole, whole != MAP_FAILED else { throw none(byteCount) }
    let skipped = -Int(bitPattern: whole) & (largePage - 1)
    if skipped > 0 { munmap(whole, skipped) }
    munmap(whole + skipped + byteCount, largePage - skipped)
    // A wish: without it, the pages are small.
    _ = madvise(whole + skipped, byteCount, MADV_HUGEPAGE)
    return whole + skipped
  }
}
