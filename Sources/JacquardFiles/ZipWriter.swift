import JacquardCore

/// Writes a zip archive of stored members.
struct ZipWriter {
  private let writer: FileWriter
  private let path: String
  private var directory: [UInt8] = []
  private var count = 0
  private var offset = 0

  init(_ writer: FileWriter, _ path: String) {
    self.writer = writer
    self.path = path
  }

  /// Appends a member: a few bytes, then a tensor's.
  mutating func add(_ name: String, _ start: [UInt8], _ tensor: HostTensor) throws(Diagnostic) {
    let size = try Overflow.add(start.count, tensor.byteCount)
    var checkSum = ZipCheckSum()
    start.withUnsafeBytes { checkSum.update($0[...]) }
    tensor.withUnsafeBytes { checkSum.update($0[...]) }
    let nameBytes = Array(name.utf8)
    let next = try Overflow.add(offset + 30 + nameBytes.count, size)
    guard next < 0xFFFF_FFFF, count < 0xFFFE, nameBytes.count < 0xFFFF else {
      throw Diagnostic("is too large for an npz file; write safetensors", kind: .unsupported, place: path)
    }
    let common = Self.common(checkSum.value, size, nameBytes.count)
    try writer.write(Self.u32(0x0403_4B50) + common + nameBytes + start)
    try writer.write(tensor)
    // Version made by; then, after the common part: comment, disk, attributes, offset.
    directory += Self.u32(0x0201_4B50) + Self.u16(20) + common
    directory += [UInt8](repeating: 0, count: 10) + Self.u32(offset) + nameBytes
    offset = next
    count += 1
  }

  /// Appends the directory.
  func finish() throws(Diagnostic) {
    if directory.count + offset >= 0xFFFF_FFFF {
      throw Diagnostic("is too large for an npz file; write safetensors", kind: .unsupported, place: path)
    }
    let counts = Self.u16(count) + Self.u16(count)
    try writer.write(directory)
    try writer.write(Self.u32(0x0605_4B50) + Self.u32(0) + counts)
    try writer.write(Self.u32(directory.count) + Self.u32(offset) + Self.u16(0))
  }

  /// Version, flags (names in UTF-8), method 0, 1 January 1980, check sum, both sizes, lengths.
  private static func common(_ checkSum: UInt32, _ size: Int, _ nameLength: Int) -> [UInt8] {
    let start = u16(20) + u16(0x0800) + u16(0) + u16(0) + u16(0x21)
    return start + u32(Int(checkSum)) + u32(size) + u32(size) + u16(nameLength) + u16(0)
  }

  private static func u16(_ value: Int) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8 & 0xFF)] }
  private static func u32(_ value: Int) -> [UInt8] { u16(value & 0xFFFF) + u16(value >> 16 & 0xFFFF) }
}
