import JacquardCore

/// What a reader of JSON accepts at most.
public struct JSONLimits: Sendable {
  /// Bytes of the text.
  public var bytes: Int
  /// Arrays and objects inside each other.
  public var depth: Int

  /// 256 MiB and 128 levels unless told otherwise.
  public init(bytes: Int = 1 << 28, depth: Int = 128) {
    self.bytes = bytes
    self.depth = depth
  }
}

extension JSONValue {
  /// Reads a text in strict JSON (RFC 8259), in time proportional to its length.
  ///
  /// Refused beyond what the standard refuses: duplicate keys, integers beyond 64 bits, numbers too large for
  /// a `Double`, surrogates without a partner, a byte-order mark.
  ///
  /// - Parameter file: What messages and places call the text.
  /// - Throws: `Diagnostic` with file, line and column of the first mistake.
  public static func parse(
    _ bytes: [UInt8], file: String, limits: JSONLimits = JSONLimits()
  ) throws(Diagnostic) -> JSONValue {
    if bytes.count > limits.bytes {
      throw Diagnostic("has \(bytes.count) bytes, more than the limit of \(limits.bytes)", place: file)
    }
    return try bytes.withUnsafeBufferPointer { (buffer) throws(Diagnostic) in
      var parser = JSONParser(buffer, file: file, depth: limits.depth)
      return try parser.document()
    }
  }

  /// Reads a file. - Throws: `Diagnostic` if it cannot be read or is not strict JSON.
  public static func read(
    _ path: String, limits: JSONLimits = JSONLimits()
  ) throws(Diagnostic) -> JSONValue {
    try parse(FileBytes.read(path, limit: limits.bytes), file: path, limits: limits)
  }
}

/// A recursive-descent reader over bytes. Every access goes through `peek`, which ends with zeros.
struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  var index = 0
  private let source: JSONPlace.Source
  private var line = 1
  private var lineStart = 0
  private var depth: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, file: String, depth: Int) {
    self.bytes = bytes
    source = JSONPlace.Source(file)
    self.depth = depth
  }

  /// The next byte, or 0 (which JSON allows nowhere) at the end.
  @inline(__always)
  var peek: UInt8 { index < bytes.count ? bytes[index] : 0 }

  var place: JSONPlace { place(of: index) }

  func place(of index: Int) -> JSONPlace {
    JSONPlace(source, line: line, column: index - lineStart + 1)
  }

  /// The one value of the text.
  mutating func document() throws(Diagnostic) -> JSONValue {
    skipSpace()
    let value = try value()
    skipSpace()
    if index < bytes.count { throw unexpected("the end of the text") }
    return value
  }

  func unexpected(_ expected: String) -> Diagnostic {
    if index >= bytes.count { return place.fail("expected \(expected), found the end of the text") }
    let byte = peek
    if byte == 0xEF, index == 0 { return place.fail("the text begins with a byte-order mark") }
    let isPlain = byte > 32 && byte < 127
    let found = isPlain ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
    return place.fail("expected \(expected), found \(found)")
  }

  mutating func skipSpace() {
    while true {
      switch peek {
      case 0x20, 0x09, 0x0D: index += 1
      case 0x0A:
        index += 1
        line += 1
        lineStart = index
      default: return
      }
    }
  }

  /// Moves past a byte if it is the next one.
  private mutating func skip(_ byte: UInt8) -> Bool {
    if peek != byte { return false }
    index += 1
    return true
  }

  private mutating func value() throws(Diagnostic) -> JSONValue {
    let start = place
    return JSONValue(try content(), at: start)
  }

  private mutating func content() throws(Diagnostic) -> JSONValue.Content {
    switch peek {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return .object(try nested("object", Self.fields))
    case UInt8(ascii: "["): return .array(try nested("array", Self.elements))
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw unexpected("a value")
    }
  }

  private mutating func word(
    _ word: StaticString, _ content: JSONValue.Content
  ) throws(Diagnostic) -> JSONValue.Content {
    let start = index
    let isWord = word.withUTF8Buffer { bytes[start...].starts(with: $0) }
    if !isWord { throw unexpected("a value") }
    index += word.utf8CodeUnitCount
    return content
  }

  private mutating func nested<T>(
    _ what: String, _ body: (inout JSONParser) throws(Diagnostic) -> T
  ) throws(Diagnostic) -> T {
    if depth == 0 { throw place.fail("\(what) is nested too deeply") }
    depth -= 1
    index += 1
    skipSpace()
    let result = try body(&self)
    depth += 1
    return result
  }

  private static func elements(_ parser: inout JSONParser) throws(Diagnostic) -> [JSONValue] {
    var values: [JSONValue] = []
    if parser.skip(UInt8(ascii: "]")) { return values }
    while true {
      values.append(try parser.value())
      parser.skipSpace()
      if parser.skip(UInt8(ascii: "]")) { return values }
      if !parser.skip(UInt8(ascii: ",")) { throw parser.unexpected("',' or ']'") }
      parser.skipSpace()
    }
  }

  private static func fields(_ parser: inout JSONParser) throws(Diagnostic) -> [JSONField] {
    var fields: [JSONField] = []
    var names = NameSet()
    if parser.skip(UInt8(ascii: "}")) { return fields }
    while true {
      let field = try parser.field()
      if !names.insert(field.name, fields) {
        throw field.place.fail("key \(quoted(field.name)) stands here for the second time")
      }
      fields.append(field)
      parser.skipSpace()
      if parser.skip(UInt8(ascii: "}")) { return fields }
      if !parser.skip(UInt8(ascii: ",")) { throw parser.unexpected("',' or '}'") }
      parser.skipSpace()
    }
  }

  private mutating func field() throws(Diagnostic) -> JSONField {
    let start = place
    if peek != UInt8(ascii: "\"") { throw unexpected("a key in quotes") }
    let name = try string()
    skipSpace()
    if !skip(UInt8(ascii: ":")) { throw unexpected("':'") }
    skipSpace()
    return JSONField(name: name, place: start, value: try value())
  }
}

/// Finds duplicate names: by looking through a few, by hashing many.
private struct NameSet {
  private var names: Set<String> = []

  /// False if the name is among the fields already.
  mutating func insert(_ name: String, _ fields: [JSONField]) -> Bool {
    if fields.count < 12 { return !fields.contains { $0.name == name } }
    if names.isEmpty { names = Set(fields.map(\.name)) }
    return names.insert(name).inserted
  }
}
