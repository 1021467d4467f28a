import JacquardCore

/// One file in a zip archive, as the directory describes it.
struct ZipMember: Sendable {
  let name: String
  let isDeflated: Bool
  let checkSum: UInt32
  let compressedSize: Int
  let size: Int
  /// Where the member's own header begins.
  let offset: Int
}

/// The directory at the end of a zip archive (PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5), with 64-bit sizes.
struct ZipDirectory {
  private static let endSize = 22
  private static let largest = 1 << 28

  private(set) var members: [ZipMember] = []
  private let file: OpenFile

  init(_ file: OpenFile) throws(Diagnostic) {
    self.file = file
    let (range, count) = try location()
    if range.count > Self.largest { throw wrong("has a directory of \(range.count) bytes") }
    var record = try ZipRecord(file, range)
    for _ in 0..<count { members.append(try member(&record, before: range.lowerBound)) }
    if record.remaining != 0 { throw wrong("has bytes after its directory") }
  }

  private func wrong(_ message: String) -> Diagnostic { Diagnostic(message, place: file.path) }

  /// Where the directory is and how many members it lists.
  private func location() throws(Diagnostic) -> (range: Range<Int>, count: Int) {
    let end = try endPosition()
    var record = try ZipRecord(file, end..<end + Self.endSize)
    record.skip(4)
    let (disk, directoryDisk, here, count) = (record.u16(), record.u16(), record.u16(), record.u16())
    let (size, offset) = (record.u32(), record.u32())
    if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF { return try location64(end) }
    if disk != 0 || directoryDisk != 0 || here != count { throw wrong("is one part of a split archive") }
    return (try checked(offset, size, before: end), count)
  }

  /// The last end record whose comment reaches exactly to the end of the file.
  private func endPosition() throws(Diagnostic) -> Int {
    let start = max(0, file.size - Self.endSize - 0xFFFF)
    let tail = try FileStream(file, start..<file.size, name: file.path).bytes(
      file.size - start, "the archive")
    var position = tail.count - Self.endSize
    while position >= 0 {
      let comment = tail.count - position - Self.endSize
      if tail[position...].starts(with: [0x50, 0x4B, 5, 6]),
        Int(tail[position + 20]) | Int(tail[position + 21]) << 8 == comment
      {
        return start + position
      }
      position -= 1
    }
    throw wrong("is not a zip archive, or is truncated")
  }

  /// The same from the 64-bit end record, which a locator before the end record points to.
  private func location64(_ end: Int) throws(Diagnostic) -> (range: Range<Int>, count: Int) {
    var locator = try record(at: end - 20, 20, signature: 0x0706_4B50)
    locator.skip(4)
    let position = locator.u64()
    var record = try record(at: position, 56, signature: 0x0606_4B50)
    record.skip(28)
    let (count, size, offset) = (record.u64(), record.u64(), record.u64())
    let range = try checked(offset, size, before: position)
    if count > size / 46 { throw wrong("has a damaged directory") }
    return (range, count)
  }

  private func checked(_ offset: Int, _ size: Int, before end: Int) throws(Diagnostic) -> Range<Int> {
    guard offset >= 0, size >= 0, offset <= end, size <= end - offset else {
      throw wrong("has a directory outside the file")
    }
    return offset..<offset + size
  }

  private func record(at position: Int, _ size: Int, signature: Int) throws(Diagnostic) -> ZipRecord {
    guard position >= 0, size <= file.size, position <= file.size - size else {
      throw wrong("has a damaged directory")
    }
    var record = try ZipRecord(file, position..<position + size)
    if record.u32() != signature { throw wrong("has a damaged directory") }
    return record
  }

  // MARK: Members

  private func member(_ record: inout ZipRecord, before end: Int) throws(Diagnostic) -> ZipMember {
    if record.remaining < 46 || record.u32() != 0x0201_4B50 { throw wrong("has a damaged directory") }
    record.skip(4)
    let (flags, method) = (record.u16(), record.u16())
    record.skip(4)
    let checkSum = UInt32(truncatingIfNeeded: record.u32())
    var sizes = [record.u32(), record.u32()]
    let lengths = (name: record.u16(), extra: record.u16(), comment: record.u16())
    record.skip(8)
    sizes.append(record.u32())
    let name = String(validating: record.bytes(lengths.name), as: UTF8.self)
    let extra = record.bytes(lengths.extra)
    record.skip(lengths.comment)
    guard let name, !record.isExhausted else { throw wrong("has a damaged directory") }
    try widen(&sizes, from: extra, name)
    let member = ZipMember(
      name: name, isDeflated: method == 8, checkSum: checkSum, compressedSize: sizes[0], size: sizes[1],
      offset: sizes[2])
    try check(member, flags, method, before: end)
    return member
  }

  private func check(
    _ member: ZipMember, _ flags: Int, _ method: Int, before end: Int
  ) throws(Diagnostic) {
    let name = "member \(quoted(member.name))"
    if flags & 1 != 0 { throw wrong("\(name) is encrypted") }
    if method != 0 && method != 8 {
      throw wrong("\(name) is compressed by method \(method); stored and deflated are read")
    }
    guard member.compressedSize >= 0, member.size >= 0, member.offset >= 0, member.offset <= end,
      member.compressedSize <= end - member.offset, method == 8 || member.compressedSize == member.size
    else { throw wrong("\(name) has sizes that cannot be right") }
  }

  /// Sizes of all ones stand as 64-bit numbers in the extra field 1: uncompressed, compressed, offset.
  private func widen(_ sizes: inout [Int], from extra: [UInt8], _ name: String) throws(Diagnostic) {
    if !sizes.contains(0xFFFF_FFFF) { return }
    var fields = ZipRecord(extra)
    while fields.remaining >= 4 {
      let (id, length) = (fields.u16(), fields.u16())
      var field = ZipRecord(fields.bytes(length))
      if id != 1 { continue }
      for index in [1, 0, 2] where sizes[index] == 0xFFFF_FFFF { sizes[index] = field.u64() }
      if !field.isExhausted { return }
    }
    throw wrong("member \(quoted(name)) lacks its 64-bit sizes")
  }
}

/// Little-endian numbers from front to back; zeros once the bytes are used up.
struct ZipRecord {
  private var rest: ArraySlice<UInt8>
  /// Whether more was asked for than there was.
  private(set) var isExhausted = false

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  init(_ file: OpenFile, _ range: Range<Int>) throws(Diagnostic) {
    self.init(try FileStream(file, range, name: file.path).bytes(range.count, "the directory"))
  }

  var remaining: Int { rest.count }

  mutating func bytes(_ count: Int) -> [UInt8] {
    if count > rest.count { isExhausted = true }
    let part = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    return part
  }

  mutating func skip(_ count: Int) { _ = bytes(count) }
  mutating func u16() -> Int { number(2) }
  mutating func u32() -> Int { number(4) }
  /// Negative if it does not fit.
  mutating func u64() -> Int { number(8) }

  private mutating func number(_ count: Int) -> Int {
    bytes(count).reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
