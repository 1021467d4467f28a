import JacquardCore

/// How a value is laid out as text. Each is deterministic: keys stay in the order they have.
public enum JSONLayout: Sendable {
  /// No space at all.
  case compact
  /// One line with a space after each `:` and `,`.
  case line
  /// The layout of graph and plan files: each key of the outermost object on a line of its own; of an array of
  /// objects or arrays there, each element on a line of its own; a newline at the end.
  case document
}

extension JSONValue {
  /// The value as JSON.
  public func text(_ layout: JSONLayout = .line) -> String {
    String(decoding: utf8(layout), as: UTF8.self)
  }

  /// The value as JSON in UTF-8.
  public func utf8(_ layout: JSONLayout = .line) -> [UInt8] {
    var writer = JSONWriter(spaced: layout != .compact)
    if layout == .document {
      writer.document(self)
    } else {
      writer.value(self)
    }
    return writer.bytes
  }

  /// Writes the value as a file, whole or not at all. - Throws: `Diagnostic` if it cannot be written.
  public func write(to path: String, _ layout: JSONLayout = .document) throws(Diagnostic) {
    try AtomicFile.write(utf8(layout), to: path)
  }
}

/// Appends values to bytes.
private struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  private let comma: String
  private let colon: String

  init(spaced: Bool) {
    comma = spaced ? ", " : ","
    colon = spaced ? ": " : ":"
  }

  private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func value(_ value: JSONValue) {
    switch value.content {
    case .null: put("null")
    case .bool(let value): put(value ? "true" : "false")
    case .integer(let value): put(String(value))
    case .double(_, let spelling): put(spelling)
    case .string(let text): string(text)
    case .array(let values): list(values, "[", "]") { $0.value($1) }
    case .object(let fields): list(fields, "{", "}") { $0.field($1) }
    }
  }

  private mutating func field(_ field: JSONField) {
    string(field.name)
    put(colon)
    value(field.value)
  }

  private mutating func list<T>(
    _ items: [T], _ open: String, _ close: String, _ item: (inout JSONWriter, T) -> Void
  ) {
    put(open)
    for (index, element) in items.enumerated() {
      if index > 0 { put(comma) }
      item(&self, element)
    }
    put(close)
  }

  // MARK: Strings

  /// Escapes what JSON demands and nothing else.
  private mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): put("\\\"")
      case UInt8(ascii: "\\"): put("\\\\")
      case 0x00..<0x20: control(byte)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func control(_ byte: UInt8) {
    switch byte {
    case 0x08: put("\\b")
    case 0x09: put("\\t")
    case 0x0A: put("\\n")
    case 0x0C: put("\\f")
    case 0x0D: put("\\r")
    default:
      put(byte < 16 ? "\\u000" : "\\u00")
      put(String(byte, radix: 16))
    }
  }

  // MARK: Layout of files

  mutating func document(_ value: JSONValue) {
    if case .object(let fields) = value.content, !fields.isEmpty {
      put("{\n")
      for (index, field) in fields.enumerated() {
        if index > 0 { put(",\n") }
        put("  ")
        string(field.name)
        put(colon)
        rows(field.value)
      }
      put("\n}")
    } else {
      self.value(value)
    }
    put("\n")
  }

  private mutating func rows(_ value: JSONValue) {
    guard case .array(let values) = value.content, values.contains(where: \.isNested) else {
      return self.value(value)
    }
    put("[\n")
    for (index, element) in values.enumerated() {
      if index > 0 { put(",\n") }
      put("    ")
      self.value(element)
    }
    put("\n  ]")
  }
}

extension JSONValue {
  fileprivate var isNested: Bool {
    switch content {
    case .array, .object: true
    default: false
    }
  }
}
