import CZlib
import JacquardCore

/// What surrounds the deflated bytes.
enum DeflateFormat: Int32 {
  /// A gzip file: header, check sum, possibly several members.
  case gzip = 31
  /// Nothing, as in zip archives.
  case raw = -15
}

/// Inflates another stream while it is read.
final class InflateStream: ByteStream {
  private static let pieceSize = 1 << 16
  /// No deflate stream grows by more (a 258-byte match in two bits).
  private static let highestRatio = 1032

  let name: String
  private let input: any ByteStream
  private let format: DeflateFormat
  private let limit: Int
  private var produced = 0
  private var finished = false
  /// zlib keeps the address of the structure, so it may not move.
  private let state: UnsafeMutablePointer<z_stream>
  private let piece: UnsafeMutableRawBufferPointer

  /// - Parameter limit: Most bytes to produce; more is an error, so that a small file cannot fill the memory.
  init(_ input: any ByteStream, _ format: DeflateFormat, limit: Int) throws(Diagnostic) {
    self.input = input
    self.format = format
    self.limit = limit
    name = input.name
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    piece = .allocate(byteCount: Self.pieceSize, alignment: 16)
    if czlib_inflate_begin(state, format.rawValue) != Z_OK {
      throw Diagnostic("zlib could not start", kind: .runtime, place: name)
    }
  }

  deinit {
    inflateEnd(state)
    state.deallocate()
    piece.deallocate()
  }

  var mostRemaining: Int {
    let (waiting, tooMany) = input.mostRemaining.addingReportingOverflow(Int(state.pointee.avail_in))
    let (most, overflow) = waiting.multipliedReportingOverflow(by: Self.highestRatio)
    let (bound, more) = most.addingReportingOverflow(Self.pieceSize)
    return min(limit - produced, tooMany || overflow || more ? .max : bound)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Int {
    let wanted = min(buffer.count, 1 << 30)
    state.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_out = UInt32(wanted)
    while !finished, Int(state.pointee.avail_out) == wanted { try step() }
    let count = wanted - Int(state.pointee.avail_out)
    produced += count
    if produced > limit { throw wrong("inflates to more than the limit of \(limit) bytes") }
    return count
  }

  /// One call of zlib.
  private func step() throws(Diagnostic) {
    if state.pointee.avail_in == 0, try !refill() {
      throw wrong("is truncated: the compressed data end too early")
    }
    switch inflate(state, Z_NO_FLUSH) {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: try endOfMember()
    case Z_MEM_ERROR: throw Diagnostic("no memory to inflate", kind: .runtime, place: name)
    default:
      let reason = state.pointee.msg.map { String(cString: $0) } ?? "needs a dictionary"
      throw wrong("is not validly compressed: \(reason)")
    }
  }

  /// A gzip file may hold several members one after the other; deflated zip members end here.
  private func endOfMember() throws(Diagnostic) {
    var hasMore = state.pointee.avail_in > 0
    if !hasMore { hasMore = try refill() }
    if !hasMore {
      finished = true
    } else if format == .raw {
      throw wrong("has bytes after its compressed data")
    } else {
      inflateReset(state)
    }
  }

  private func refill() throws(Diagnostic) -> Bool {
    let count = try input.read(into: piece)
    state.pointee.next_in = piece.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_in = UInt32(count)
    return count > 0
  }
}
