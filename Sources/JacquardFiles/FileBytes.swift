import JacquardCore

/// Whole files in memory.
public enum FileBytes {
  /// The bytes of a file.
  ///
  /// - Parameters:
  ///   - limit: Most bytes to accept.
  ///   - inflating: Whether a gzip file (told by its first bytes) is inflated; the limit holds for the result.
  /// - Throws: `Diagnostic` if the file cannot be read, is no regular file or is larger than the limit.
  public static func read(
    _ path: String, limit: Int, inflating: Bool = false
  ) throws(Diagnostic) -> [UInt8] {
    if inflating { return try Gzip.open(path, limit: limit).everything(limit: limit) }
    let stream = FileStream(try OpenFile(path))
    if stream.mostRemaining > limit {
      throw stream.wrong("has \(stream.mostRemaining) bytes, more than the limit of \(limit)")
    }
    return try stream.bytes(stream.mostRemaining, "the file")
  }
}

/// Names of values as names of files.
public enum FileName {
  /// The name with `%` as `%25`, `/` as `%2F` and a zero byte as `%00`, so that it names one file in a folder.
  ///
  /// `.` and `..` alone become `%2E` and `%2E%2E`.
  public static func escaped(_ name: String) -> String {
    if name == "." || name == ".." { return String(repeating: "%2E", count: name.utf8.count) }
    var text = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "%": text += "%25"
      case "/": text += "%2F"
      case "\0": text += "%00"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// The name that `escaped` made a file name of; nil if it cannot have been made by it.
  public static func unescaped(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let code = codes[String(decoding: rest.prefix(2), as: UTF8.self)] else { return nil }
      bytes.append(code)
      rest = rest.dropFirst(2)
    }
    let name = String(decoding: bytes, as: UTF8.self)
    return escaped(name) == text ? name : nil
  }

  private static let codes: [String: UInt8] = ["25": 0x25, "2F": 0x2F, "2E": 0x2E, "00": 0]
}
