import JacquardCore

// Each accessor returns what the value must be, or throws one line with file, line and column.
extension JSONValue {
  /// A diagnostic at the place of this value.
  public func fail(_ message: String, constraint: String? = nil) -> Diagnostic {
    place.fail(message, constraint: constraint)
  }

  /// What messages call the content.
  public var kindName: String {
    switch content {
    case .null: "null"
    case .bool: "a truth value"
    case .integer: "an integer"
    case .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  private func expected(_ what: String) -> Diagnostic { fail("expected \(what), found \(kindName)") }

  /// Whether the value is `null`.
  public var isNull: Bool {
    if case .null = content { true } else { false }
  }

  /// - Throws: `Diagnostic` if the value is not `true` or `false`.
  public func bool() throws(Diagnostic) -> Bool {
    guard case .bool(let value) = content else { throw expected("true or false") }
    return value
  }

  /// - Throws: `Diagnostic` if the value is no integer.
  public func int() throws(Diagnostic) -> Int {
    guard case .integer(let value) = content else { throw expected("an integer") }
    guard let int = Int(exactly: value) else { throw fail("integer \(value) is out of range") }
    return int
  }

  /// - Throws: `Diagnostic` if the value is no integer in the range.
  public func int(in range: ClosedRange<Int>) throws(Diagnostic) -> Int {
    let value = try int()
    if range.contains(value) { return value }
    throw fail("integer \(value) is not in \(range.lowerBound)...\(range.upperBound)")
  }

  /// - Throws: `Diagnostic` if the value is no integer that fits the type.
  public func integer<T: FixedWidthInteger>(_: T.Type = T.self) throws(Diagnostic) -> T {
    guard case .integer(let value) = content else { throw expected("an integer") }
    guard let result = T(exactly: value) else { throw fail("integer \(value) does not fit \(T.self)") }
    return result
  }

  /// A number, or one of the strings `"nan"`, `"inf"`, `"-inf"`.
  /// - Throws: `Diagnostic` if the value is none of them.
  public func double() throws(Diagnostic) -> Double {
    switch content {
    case .integer(let value): return Double(value)
    case .double(let value, _): return value
    case .string(let text): if let value = JSONValue.nonFinite[text] { return value }
    default: break
    }
    throw expected("a number")
  }

  /// A number rounded once from its characters to `Float`, or one of the strings `"nan"`, `"inf"`, `"-inf"`.
  /// - Throws: `Diagnostic` if the value is none of them, or is too large for a `Float`.
  public func float() throws(Diagnostic) -> Float {
    let value = try double()
    guard value.isFinite else { return Float(value) }
    let result: Float
    switch content {
    case .integer(let integer): result = Float(integer)
    case .double(_, let spelling): result = Float(spelling) ?? Float(value)
    default: result = Float(value)
    }
    if result.isFinite { return result }
    throw fail("number \(value) is too large for f32")
  }

  private static let nonFinite: [String: Double] = ["nan": .nan, "inf": .infinity, "-inf": -.infinity]

  /// - Throws: `Diagnostic` if the value is no string.
  public func string() throws(Diagnostic) -> String {
    guard case .string(let value) = content else { throw expected("a string") }
    return value
  }

  /// A string that is one of the cases of an enumeration.
  /// - Throws: `Diagnostic` that lists the cases if it is none.
  public func choice<T: RawRepresentable & CaseIterable>(
    _: T.Type = T.self
  ) throws(Diagnostic) -> T where T.RawValue == String {
    let text = try string()
    if let value = T(rawValue: text) { return value }
    throw fail("\(quoted(text)) is not one of \(T.allCases.map(\.rawValue).joined(separator: " "))")
  }

  /// - Throws: `Diagnostic` if the value is no array.
  public func array() throws(Diagnostic) -> [JSONValue] {
    guard case .array(let values) = content else { throw expected("an array") }
    return values
  }

  /// An array with each element read.
  /// - Throws: `Diagnostic` if the value is no array, or what `element` throws.
  public func array<T>(of element: (JSONValue) throws(Diagnostic) -> T) throws(Diagnostic) -> [T] {
    var result: [T] = []
    for value in try array() { result.append(try element(value)) }
    return result
  }

  /// The fields of an object. - Throws: `Diagnostic` if the value is no object.
  public func object() throws(Diagnostic) -> JSONObject {
    guard case .object(let fields) = content else { throw expected("an object") }
    return JSONObject(fields: fields, place: place)
  }
}

/// The fields of an object, to be read by name.
public struct JSONObject: Sendable {
  /// In the order of the file; no two have the same name.
  public let fields: [JSONField]
  /// Where the object begins.
  public let place: JSONPlace

  /// The value of a field, or nil. Takes time in proportion to the number of fields.
  public subscript(name: String) -> JSONValue? { fields.first { $0.name == name }?.value }

  /// The value of a field. - Throws: `Diagnostic` if there is none.
  public func required(_ name: String) throws(Diagnostic) -> JSONValue {
    guard let value = self[name] else { throw place.fail("key '\(name)' is missing") }
    return value
  }

  /// - Throws: `Diagnostic` at the first field whose name is not listed.
  public func rejectUnknown(_ known: [String]) throws(Diagnostic) {
    for field in fields where !known.contains(field.name) {
      throw field.place.fail("unknown key \(quoted(field.name))")
    }
  }
}
