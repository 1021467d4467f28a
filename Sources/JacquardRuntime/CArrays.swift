/// Owns the C arrays that a machine program points to.
final class CArrays {
  private var owned: [UnsafeMutableRawPointer] = []

  /// A C copy of an array, alive as long as this object.
  func array<T: BitwiseCopyable>(_ elements: [T]) -> UnsafePointer<T> {
    let memory = UnsafeMutablePointer<T>.allocate(capacity: max(elements.count, 1))
    memory.initialize(from: elements, count: elements.count)
    owned.append(UnsafeMutableRawPointer(memory))
    return UnsafePointer(memory)
  }

  /// As `array`, to be changed by the program.
  func variables<T: BitwiseCopyable>(_ elements: [T]) -> UnsafeMutablePointer<T> {
    UnsafeMutablePointer(mutating: array(elements))
  }

  deinit { for memory in owned { memory.deallocate() } }
}
