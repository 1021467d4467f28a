import JacquardCore

/// Bytes read from front to back.
protocol ByteStream: AnyObject {
  /// What messages call the source.
  var name: String { get }

  /// The most bytes that can still come; nothing larger is allocated on the word of a header.
  var mostRemaining: Int { get }

  /// Reads at least 1 and at most `buffer.count` bytes; 0 only at the end. The buffer must not be empty.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Int
}

extension ByteStream {
  func wrong(_ message: String) -> Diagnostic { Diagnostic(message, place: name) }

  /// Fills the whole buffer. - Throws: `Diagnostic` if the source ends before.
  func fill(_ buffer: UnsafeMutableRawBufferPointer, _ what: String) throws(Diagnostic) {
    var filled = 0
    while filled < buffer.count {
      let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      if count == 0 { throw truncated(what, needs: buffer.count, has: filled) }
      filled += count
    }
  }

  /// The next `count` bytes.
  func bytes(_ count: Int, _ what: String) throws(Diagnostic) -> [UInt8] {
    try checkRemaining(count, what)
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withMutableBytes { (buffer) throws(Diagnostic) in try fill(buffer, what) }
    return bytes
  }

  /// Everything to the end, at most `limit` bytes.
  func everything(limit: Int) throws(Diagnostic) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(max(0, min(mostRemaining, limit, 1 << 26)))
    var piece = [UInt8](repeating: 0, count: 1 << 17)
    while true {
      let count = try piece.withMutableBytes { (buffer) throws(Diagnostic) in try read(into: buffer) }
      if count == 0 { return result }
      if count > limit - result.count { throw wrong("is larger than the limit of \(limit) bytes") }
      result += piece[..<count]
    }
  }

  /// A tensor from the next bytes, whose number is checked before memory is taken.
  func tensor(_ dtype: DType, _ sizes: [Int], _ what: String) throws(Diagnostic) -> HostTensor {
    let byteCount = try TensorLayout.byteCount(dtype, sizes, in: name)
    try checkRemaining(byteCount, what)
    var tensor: HostTensor
    do throws(Diagnostic) { tensor = try HostTensor(zeros: dtype, sizes) } catch { throw error.at(name) }
    try tensor.withUnsafeMutableBytes { (buffer) throws(Diagnostic) in try fill(buffer, what) }
    try TensorLayout.checkBooleans(tensor, in: name)
    return tensor
  }

  /// - Throws: `Diagnostic` unless the source ends here.
  func expectEnd(after what: String) throws(Diagnostic) {
    var byte = [UInt8](repeating: 0, count: 1)
    let count = try byte.withMutableBytes { (buffer) throws(Diagnostic) in try read(into: buffer) }
    if count != 0 { throw wrong("has bytes after \(what)") }
  }

  private func checkRemaining(_ count: Int, _ what: String) throws(Diagnostic) {
    if count > mostRemaining { throw truncated(what, needs: count, has: mostRemaining) }
  }

  private func truncated(_ what: String, needs: Int, has: Int) -> Diagnostic {
    wrong("is truncated: \(what) needs \(needs) bytes, at most \(has) are there")
  }
}

/// Checks that every tensor format shares.
enum TensorLayout {
  /// Bytes of a dense tensor; no axis may be negative, and none may make the others overflow by being 0.
  static func byteCount(_ dtype: DType, _ sizes: [Int], in name: String) throws(Diagnostic) -> Int {
    if sizes.count > TensorType.maximumRank {
      throw Diagnostic("has \(sizes.count) axes; at most \(TensorType.maximumRank)", place: name)
    }
    var most = dtype.byteSize
    for size in sizes {
      let (product, overflow) = most.multipliedReportingOverflow(by: max(size, 1))
      if overflow || product > Int.max / 2 || size < 0 {
        throw Diagnostic("shape \(Shape(sizes)) is out of range", place: name)
      }
      most = product
    }
    return sizes.contains(0) ? 0 : most
  }

  /// A truth value in memory must be 0 or 1: anything else is undefined behaviour later.
  static func checkBooleans(_ tensor: HostTensor, in name: String) throws(Diagnostic) {
    guard tensor.dtype == .bool else { return }
    let bad = tensor.withUnsafeBytes { bytes in bytes.firstIndex { $0 > 1 } }
    if let bad { throw Diagnostic("bool element \(bad) is neither 0 nor 1", place: name) }
  }
}

/// A range of an open file, or all of it.
final class FileStream: ByteStream {
  let name: String
  private let file: OpenFile
  private var offset: Int
  private let end: Int

  init(_ file: OpenFile) {
    self.file = file
    name = file.path
    offset = 0
    end = file.size
  }

  /// The bytes of a range, which must lie in the file.
  init(_ file: OpenFile, _ range: Range<Int>, name: String) {
    self.file = file
    self.name = name
    offset = range.lowerBound
    end = range.upperBound
  }

  var mostRemaining: Int { end - offset }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Int {
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(mostRemaining))
    if part.isEmpty { return 0 }
    let count = try file.read(into: part, at: offset)
    if count == 0 { throw wrong("became shorter while it was read") }
    offset += count
    return count
  }

  /// The next bytes again, without moving on; fewer at the end.
  func peek(_ count: Int) throws(Diagnostic) -> [UInt8] {
    let start = offset
    defer { offset = start }
    return try bytes(min(count, mostRemaining), "its beginning")
  }
}

/// Bytes in memory.
final class MemoryStream: ByteStream {
  let name: String
  private let source: [UInt8]
  private var offset = 0

  init(_ source: [UInt8], name: String) {
    self.source = source
    self.name = name
  }

  var mostRemaining: Int { source.count - offset }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, mostRemaining)
    buffer.copyBytes(from: source[offset..<offset + count])
    offset += count
    return count
  }
}
