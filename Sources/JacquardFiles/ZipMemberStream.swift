import CZlib
import JacquardCore

/// The content of a zip member, checked against its size and check sum at its end.
final class ZipMemberStream: ByteStream {
  let name: String
  private let member: ZipMember
  private let input: any ByteStream
  private var produced = 0
  private var checkSum = ZipCheckSum()

  init(_ file: OpenFile, _ member: ZipMember) throws(Diagnostic) {
    let name = "\(file.path): member \(quoted(member.name))"
    self.name = name
    self.member = member
    let start = try Self.dataStart(file, member, name)
    let stored = FileStream(file, start..<start + member.compressedSize, name: name)
    input = member.isDeflated ? try InflateStream(stored, .raw, limit: member.size) : stored
  }

  /// The member's own header repeats the name; its extra field may differ from the directory's.
  private static func dataStart(
    _ file: OpenFile, _ member: ZipMember, _ name: String
  ) throws(Diagnostic) -> Int {
    let stream = FileStream(file, member.offset..<file.size, name: name)
    var header = ZipRecord(try stream.bytes(30, "the member's header"))
    let signature = header.u32()
    header.skip(22)
    let (nameLength, extraLength) = (header.u16(), header.u16())
    let localName = try stream.bytes(nameLength, "the member's name")
    if signature != 0x0403_4B50 || !localName.elementsEqual(member.name.utf8) {
      throw Diagnostic("has a header that differs from the directory", place: name)
    }
    let start = member.offset + 30 + nameLength + extraLength
    if start > file.size || member.compressedSize > file.size - start {
      throw Diagnostic("is truncated", place: name)
    }
    return start
  }

  var mostRemaining: Int { min(member.size - produced, input.mostRemaining) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Int {
    let count = try input.read(into: buffer)
    produced += count
    checkSum.update(UnsafeRawBufferPointer(buffer).prefix(count))
    if count == 0 {
      if produced != member.size { throw wrong("has \(produced) bytes, not \(member.size)") }
      if checkSum.value != member.checkSum { throw wrong("is damaged: its check sum differs") }
    }
    return count
  }
}

/// The CRC-32 of zip archives.
struct ZipCheckSum {
  private(set) var value: UInt32 = 0

  mutating func update(_ bytes: Slice<UnsafeRawBufferPointer>) {
    let pointer = UnsafeRawBufferPointer(rebasing: bytes)
    if pointer.isEmpty { return }
    let start = pointer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    value = UInt32(truncatingIfNeeded: crc32_z(uLong(value), start, pointer.count))
  }
}
