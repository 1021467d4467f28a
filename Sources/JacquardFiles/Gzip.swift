import CZlib
import JacquardCore

/// Compression in the gzip format.
public enum Gzip {
  /// The bytes of a gzip stream of one or several members.
  ///
  /// - Parameters:
  ///   - name: What messages call the bytes.
  ///   - limit: Most bytes to accept; a stream that grows beyond it is refused before it fills the memory.
  /// - Throws: `Diagnostic` if the stream is damaged, truncated, followed by other bytes or too large.
  public static func inflate(_ bytes: [UInt8], name: String, limit: Int) throws(Diagnostic) -> [UInt8] {
    let stream = try InflateStream(MemoryStream(bytes, name: name), .gzip, limit: limit)
    return try stream.everything(limit: limit)
  }

  /// The bytes as one gzip member, without time or name, so that equal input gives equal output.
  ///
  /// - Parameter level: 1 (fast) to 9 (small).
  /// - Throws: `Diagnostic` if there is no memory for zlib.
  public static func deflate(_ bytes: [UInt8], level: Int = 6) throws(Diagnostic) -> [UInt8] {
    var stream = z_stream()
    guard czlib_deflate_begin_gzip(&stream, Int32(min(max(level, 0), 9))) == Z_OK else {
      throw Diagnostic("zlib could not start", kind: .runtime)
    }
    defer { deflateEnd(&stream) }
    var result: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var offset = 0
    repeat {
      let end = min(offset + 1 << 30, bytes.count)
      deflatePart(bytes[offset..<end], isLast: end == bytes.count, &stream, &piece, &result)
      offset = end
    } while offset < bytes.count
    return result
  }

  private static func deflatePart(
    _ part: ArraySlice<UInt8>, isLast: Bool, _ stream: inout z_stream, _ piece: inout [UInt8],
    _ result: inout [UInt8]
  ) {
    part.withUnsafeBufferPointer { input in
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.avail_in = UInt32(input.count)
      repeat {
        let count = piece.withUnsafeMutableBufferPointer { output in
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          _ = CZlib.deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          return output.count - Int(stream.avail_out)
        }
        result += piece[..<count]
      } while stream.avail_out == 0
    }
  }

  /// A file from front to back, inflated if its first two bytes say that it is gzip, whatever its name.
  static func open(_ path: String, limit: Int) throws(Diagnostic) -> any ByteStream {
    let plain = FileStream(try OpenFile(path))
    guard try plain.peek(2) == [0x1F, 0x8B] else { return plain }
    return try InflateStream(plain, .gzip, limit: limit)
  }
}
