/// A dense array in memory, rows outermost, 64-byte aligned.
///
/// A value type: writing to a copy does not change the original.
public struct HostTensor: Sendable {
  /// The type of each element.
  public let dtype: DType
  /// The number of elements along each axis, outermost first; empty for a scalar.
  public let sizes: [Int]
  /// Number of elements.
  public let count: Int
  private var storage: Storage

  /// A tensor of zeros.
  ///
  /// - Throws: `Diagnostic` if a size is negative, the number of bytes overflows, or memory is short.
  public init(zeros dtype: DType, _ sizes: [Int]) throws(Diagnostic) {
    var count = 1
    for size in sizes {
      if size < 0 { throw Diagnostic("negative size \(size)") }
      count = try Overflow.multiply(count, size)
    }
    self.dtype = dtype
    self.sizes = sizes
    self.count = count
    storage = try Storage(byteCount: Overflow.multiply(count, dtype.byteSize))
  }

  /// A tensor with the given elements. - Throws: `Diagnostic` if their number does not fit the sizes.
  public init<S: TensorScalar>(_ elements: [S], _ sizes: [Int]) throws(Diagnostic) {
    try self.init(zeros: S.dtype, sizes)
    if elements.count != count {
      throw Diagnostic("\(elements.count) elements do not fill shape \(Shape(sizes))")
    }
    elements.withUnsafeBytes { source in
      if let base = source.baseAddress { storage.bytes.copyMemory(from: base, byteCount: source.count) }
    }
  }

  /// A scalar.
  public init<S: TensorScalar>(_ element: S) {
    dtype = S.dtype
    sizes = []
    count = 1
    storage = Storage(element)
  }

  /// Bytes that the elements take.
  public var byteCount: Int { count * dtype.byteSize }
  /// The sizes as a shape without symbols.
  public var shape: Shape { Shape(sizes) }
  /// Element type and shape.
  public var type: TensorType { TensorType(dtype, shape) }

  /// The same elements under other sizes, without copying.
  /// - Throws: `Diagnostic` if the number of elements differs.
  public func reshaped(_ sizes: [Int]) throws(Diagnostic) -> HostTensor {
    var total = 1
    for size in sizes { total = try Overflow.multiply(total, size) }
    if total != count { throw Diagnostic("\(shape) cannot be reshaped to \(Shape(sizes))") }
    return HostTensor(dtype: dtype, sizes: sizes, count: count, storage: storage)
  }

  private init(dtype: DType, sizes: [Int], count: Int, storage: Storage) {
    self.dtype = dtype
    self.sizes = sizes
    self.count = count
    self.storage = storage
  }

  /// Lends the elements as bytes: row-major, without gaps, in the byte order of the machine. The buffer is valid during
  /// the call only.
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeRawBufferPointer(start: storage.bytes, count: byteCount))
  }

  /// Lends the elements as bytes that may be written, after copying them if another tensor shares them. A `bool`
  /// element
  /// must be left 0 or 1.
  public mutating func withUnsafeMutableBytes<R, E: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy(byteCount) }
    return try body(UnsafeMutableRawBufferPointer(start: storage.bytes, count: byteCount))
  }

  /// The elements, in order. The type must be the tensor's.
  public func elements<S: TensorScalar>(_: S.Type = S.self) -> [S] {
    precondition(S.dtype == dtype, "the tensor holds \(dtype), not \(S.dtype)")
    return withUnsafeBytes { Array($0.bindMemory(to: S.self)) }
  }
}

/// Aligned memory with one owner a tensor; changed only while unshared.
private final class Storage: @unchecked Sendable {
  let bytes: UnsafeMutableRawPointer

  init(byteCount: Int) throws(Diagnostic) {
    guard let memory = Storage.allocate(byteCount) else {
      throw Diagnostic("no memory for \(byteCount) bytes", kind: .runtime)
    }
    bytes = memory
  }

  init<S: TensorScalar>(_ element: S) {
    bytes = Storage.allocateOrDie(64)
    bytes.storeBytes(of: element, as: S.self)
  }

  private init(adopting bytes: UnsafeMutableRawPointer) { self.bytes = bytes }

  func copy(_ byteCount: Int) -> Storage {
    let fresh = Storage.allocateOrDie(byteCount)
    fresh.copyMemory(from: bytes, byteCount: byteCount)
    return Storage(adopting: fresh)
  }

  /// Zeroed memory that the system hands out page by page, or nil.
  private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    var memory: UnsafeMutableRawPointer?
    let rounded = (max(byteCount, 1) + 63) & ~63
    guard rounded > 0, posix_memalign(&memory, 64, rounded) == 0, let memory else { return nil }
    memset(memory, 0, rounded)
    return memory
  }

  /// For copies, which cannot throw: without memory the process ends, as it does for any Swift array.
  private static func allocateOrDie(_ byteCount: Int) -> UnsafeMutableRawPointer {
    guard let memory = allocate(byteCount) else {
      preconditionFailure("no memory to copy \(byteCount) bytes")
    }
    return memory
  }

  deinit { free(bytes) }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
