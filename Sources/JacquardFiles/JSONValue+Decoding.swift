import JacquardCore

extension JSONValue {
  /// Reads any `Decodable` type: objects by key, enumerations and texts as the type itself defines them.
  ///
  /// Numbers follow the accessors: integers must fit exactly, floats may be `"nan"`, `"inf"` or `"-inf"`.
  ///
  /// - Throws: `Diagnostic` with file, line and column of the value that does not fit.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws(Diagnostic) -> T {
    do { return try JSONDecoding.value(of: type, from: self) } catch {
      throw JSONDecoding.diagnostic(error, at: self)
    }
  }
}

/// What all containers share. They keep no path of keys: the place of the value says more.
private enum JSONDecoding {
  static func value<T: Decodable>(
    of type: T.Type, from value: JSONValue
  ) throws -> T {
    if type == Double.self, let result = try value.double() as? T { return result }
    if type == Float.self, let result = try value.float() as? T { return result }
    if type == Int.self, let result = try value.int() as? T { return result }
    if type == String.self, let result = try value.string() as? T { return result }
    do { return try T(from: JSONValueDecoder(value: value)) } catch {
      throw diagnostic(error, at: value)
    }
  }

  /// Places an error, unless a value further inside has done so.
  static func diagnostic(_ error: any Error, at value: JSONValue) -> Diagnostic {
    if let known = error as? Diagnostic {
      guard known.place == nil, let place = value.place.text else { return known }
      return known.at(place)
    }
    guard let error = error as? DecodingError else { return value.fail("\(error)") }
    switch error {
    case .keyNotFound(let key, _): return value.fail("key '\(key.stringValue)' is missing")
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      return value.fail(context.debugDescription)
    @unknown default: return value.fail("\(error)")
    }
  }
}

private struct JSONValueDecoder: Decoder {
  let value: JSONValue
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(FieldsDecoder(object: try value.object()))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    ElementsDecoder(values: try value.array(), owner: value)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    SingleDecoder(value: value)
  }
}

private struct FieldsDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let object: JSONObject
  var codingPath: [any CodingKey] { [] }

  var allKeys: [Key] { object.fields.compactMap { Key(stringValue: $0.name) } }
  func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try object.required(key.stringValue).isNull }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try JSONDecoding.value(of: type, from: object.required(key.stringValue))
  }

  private func nested(_ key: Key) throws -> JSONValueDecoder {
    JSONValueDecoder(value: try object.required(key.stringValue))
  }

  func nestedContainer<Nested>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try nested(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try nested(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder {
    JSONValueDecoder(value: try object.required("super"))
  }

  func superDecoder(forKey key: Key) throws -> any Decoder { try nested(key) }
}

private struct ElementsDecoder: UnkeyedDecodingContainer {
  let values: [JSONValue]
  let owner: JSONValue
  var codingPath: [any CodingKey] { [] }
  var currentIndex = 0

  init(values: [JSONValue], owner: JSONValue) { (self.values, self.owner) = (values, owner) }

  var count: Int? { values.count }
  var isAtEnd: Bool { currentIndex >= values.count }

  private func current() throws -> JSONValue {
    if isAtEnd { throw owner.fail("the array has too few elements (\(values.count))") }
    return values[currentIndex]
  }

  private mutating func next() throws -> JSONValueDecoder {
    let decoder = JSONValueDecoder(value: try current())
    currentIndex += 1
    return decoder
  }

  mutating func decodeNil() throws -> Bool {
    let isNull = try current().isNull
    if isNull { currentIndex += 1 }
    return isNull
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let decoder = try next()
    return try JSONDecoding.value(of: type, from: decoder.value)
  }

  mutating func nestedContainer<Nested>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { try next() }
}

private struct SingleDecoder: SingleValueDecodingContainer {
  let value: JSONValue
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { value.isNull }
  func decode(_: Bool.Type) throws -> Bool { try value.bool() }
  func decode(_: String.Type) throws -> String { try value.string() }
  func decode(_: Double.Type) throws -> Double { try value.double() }
  func decode(_: Float.Type) throws -> Float { try value.float() }
  func decode(_: Int.Type) throws -> Int { try value.int() }
  func decode(_: Int8.Type) throws -> Int8 { try value.integer() }
  func decode(_: Int16.Type) throws -> Int16 { try value.integer() }
  func decode(_: Int32.Type) throws -> Int32 { try value.integer() }
  func decode(_: Int64.Type) throws -> Int64 { try value.integer() }
  func decode(_: UInt.Type) throws -> UInt { try value.integer() }
  func decode(_: UInt8.Type) throws -> UInt8 { try value.integer() }
  func decode(_: UInt16.Type) throws -> UInt16 { try value.integer() }
  func decode(_: UInt32.Type) throws -> UInt32 { try value.integer() }
  func decode(_: UInt64.Type) throws -> UInt64 { try value.integer() }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    try JSONDecoding.value(of: type, from: value)
  }
}
