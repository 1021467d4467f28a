import JacquardCore

/// One JSON value and the place in the file where it stands.
///
/// Values are read by ``parse(_:file:limits:)`` or built from literals and the initialisers; equality looks at
/// the content only.
public struct JSONValue: Sendable {
  /// What a value is.
  public enum Content: Sendable {
    /// The literal `null`.
    case null
    /// The literal `true` or `false`.
    case bool(Bool)
    /// A number without fraction and exponent. (`-0` is a `double`, so that its sign is kept.)
    case integer(Int64)
    /// Any other number, always finite, with the characters it was written with.
    case double(Double, spelling: String)
    /// A string, its escapes replaced by what they stand for.
    case string(String)
    /// The elements in the order of the file.
    case array([JSONValue])
    /// The fields in the order of the file; no two have the same name.
    case object([JSONField])
  }

  /// What the value is.
  public let content: Content
  /// Where the value begins.
  public let place: JSONPlace

  /// A value from its content.
  public init(_ content: Content, at place: JSONPlace = .none) {
    self.content = content
    self.place = place
  }

  /// An object from names and values, in that order. The names must differ.
  public init(fields: [(name: String, value: JSONValue)]) {
    self.init(.object(fields.map { JSONField(name: $0.name, place: .none, value: $0.value) }))
  }

  /// `true` or `false`.
  public init(_ value: Bool) { self.init(.bool(value)) }
  /// An integer.
  public init(_ value: Int) { self.init(.integer(Int64(value))) }
  /// An integer.
  public init(_ value: Int64) { self.init(.integer(value)) }
  /// A string.
  public init(_ value: String) { self.init(.string(value)) }
  /// An array.
  public init(_ values: [JSONValue]) { self.init(.array(values)) }

  /// A number in the shortest form that reads back as the same `Double`, without `.0` at the end; NaN and
  /// infinities become the strings `"nan"`, `"inf"` and `"-inf"`.
  public init(_ value: Double) { self.init(JSONValue.number(value, value.description)) }

  /// A number in the shortest form that reads back as the same `Float`.
  public init(_ value: Float) { self.init(JSONValue.number(Double(value), value.description)) }

  private static func number(_ value: Double, _ text: String) -> Content {
    if value.isNaN { return .string("nan") }
    if value.isInfinite { return .string(value < 0 ? "-inf" : "inf") }
    return .double(value, spelling: text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
  }
}

/// One named value of an object.
public struct JSONField: Sendable, Equatable {
  /// The key.
  public let name: String
  /// Where the name stands.
  public let place: JSONPlace
  /// The value of the key.
  public let value: JSONValue

  /// Compares names and values, not places.
  public static func == (a: JSONField, b: JSONField) -> Bool { a.name == b.name && a.value == b.value }
}

/// A place in a file: name, line and column.
public struct JSONPlace: Sendable {
  /// The name of a file, shared by all its places.
  final class Source: Sendable {
    let name: String
    init(_ name: String) { self.name = name }
  }

  let source: Source?
  /// From 1; 0 if the value was not read from a file.
  public let line: UInt32
  /// In bytes, from 1.
  public let column: UInt32

  init(_ source: Source?, line: Int, column: Int) {
    self.source = source
    self.line = UInt32(clamping: line)
    self.column = UInt32(clamping: column)
  }

  /// The place of values that were built in memory.
  public static let none = JSONPlace(nil, line: 0, column: 0)

  /// `graph.json:12:5`, or nil for a value built in memory.
  public var text: String? { source.map { "\($0.name):\(line):\(column)" } }

  /// A diagnostic at this place.
  public func fail(_ message: String, constraint: String? = nil) -> Diagnostic {
    Diagnostic(message, constraint: constraint, place: text)
  }
}

extension JSONValue: Equatable {
  /// Compares contents, not places; numbers by value.
  public static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a.content, b.content) {
    case (.null, .null): true
    case (.bool(let x), .bool(let y)): x == y
    case (.integer(let x), .integer(let y)): x == y
    case (.double(let x, _), .double(let y, _)): x == y
    case (.string(let x), .string(let y)): x == y
    case (.array(let x), .array(let y)): x == y
    case (.object(let x), .object(let y)): x == y
    default: false
    }
  }
}

// MARK: - Literals

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  /// A string.
  public init(stringLiteral value: String) { self.init(value) }
}

extension JSONValue: ExpressibleByIntegerLiteral {
  /// An integer.
  public init(integerLiteral value: Int64) { self.init(value) }
}

extension JSONValue: ExpressibleByFloatLiteral {
  /// A number, as `init(_:)` writes it.
  public init(floatLiteral value: Double) { self.init(value) }
}

extension JSONValue: ExpressibleByBooleanLiteral {
  /// `true` or `false`.
  public init(booleanLiteral value: Bool) { self.init(value) }
}

extension JSONValue: ExpressibleByNilLiteral {
  /// `null`.
  public init(nilLiteral: ()) { self.init(.null) }
}

extension JSONValue: ExpressibleByArrayLiteral {
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self.init(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
  /// An object with the fields in the order of the literal.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init(fields: elements.map { (name: $0.0, value: $0.1) })
  }
}
