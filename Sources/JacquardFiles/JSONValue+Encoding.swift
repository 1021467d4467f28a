import JacquardCore

extension JSONValue {
  /// The value of any `Encodable` type, with keys in the order in which the type encodes them (for synthesised
  /// conformances that is the order of declaration); nil properties are left out.
  ///
  /// - Throws: `Diagnostic` if an integer does not fit in 64 signed bits, or what the type throws.
  public static func encode(_ value: some Encodable) throws(Diagnostic) -> JSONValue {
    let slot = JSONSlot()
    do {
      try slot.encode(value)
      return slot.value
    } catch let error as Diagnostic {
      throw error
    } catch let EncodingError.invalidValue(_, context) {
      throw Diagnostic(context.debugDescription)
    } catch {
      throw Diagnostic("\(error)")
    }
  }
}

/// A value under construction. Containers keep slots, since `Encoder` hands out its parts before they are full.
private final class JSONSlot {
  private enum Content {
    case value(JSONValue)
    case elements([JSONSlot])
    case fields([(name: String, slot: JSONSlot)])
  }

  private var content = Content.fields([])

  var value: JSONValue {
    switch content {
    case .value(let value): value
    case .elements(let slots): JSONValue(slots.map(\.value))
    case .fields(let fields): JSONValue(fields: fields.map { (name: $0.name, value: $0.slot.value) })
    }
  }

  func set(_ value: JSONValue) { content = .value(value) }

  var count: Int {
    if case .elements(let slots) = content { slots.count } else { 0 }
  }

  func beginElements() {
    if case .elements = content { return }
    content = .elements([])
  }

  func appended() -> JSONSlot {
    let slot = JSONSlot()
    if case .elements(var slots) = content {
      content = .fields([])
      slots.append(slot)
      content = .elements(slots)
    }
    return slot
  }

  /// The slot of a key; a key that is encoded again replaces the former value.
  func field(_ name: String) -> JSONSlot {
    guard case .fields(var fields) = content else { return JSONSlot() }
    if let known = fields.first(where: { $0.name == name }) { return known.slot }
    let slot = JSONSlot()
    content = .elements([])
    fields.append((name, slot))
    content = .fields(fields)
    return slot
  }

  func encode<T: Encodable>(_ value: T) throws {
    switch value {
    case let value as Double: set(JSONValue(value))
    case let value as Float: set(JSONValue(value))
    case let value as String: set(JSONValue(value))
    case let value as Bool: set(JSONValue(value))
    case let value as any FixedWidthInteger & Encodable: try setInteger(value)
    default: try value.encode(to: JSONValueEncoder(slot: self))
    }
  }

  func setInteger<T: FixedWidthInteger>(_ value: T) throws {
    guard let integer = Int64(exactly: value) else {
      throw Diagnostic("integer \(value) does not fit in 64 signed bits")
    }
    set(JSONValue(integer))
  }
}

private struct JSONValueEncoder: Encoder {
  let slot: JSONSlot
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(FieldsEncoder(slot: slot))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    slot.beginElements()
    return ElementsEncoder(slot: slot)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    SingleEncoder(slot: slot)
  }
}

private struct FieldsEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let slot: JSONSlot
  var codingPath: [any CodingKey] { [] }

  private func nested(_ key: String) -> JSONValueEncoder {
    JSONValueEncoder(slot: slot.field(key))
  }

  func encodeNil(forKey key: Key) { slot.field(key.stringValue).set(JSONValue(.null)) }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    try slot.field(key.stringValue).encode(value)
  }

  func nestedContainer<Nested>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> { nested(key.stringValue).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    nested(key.stringValue).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { nested("super") }
  func superEncoder(forKey key: Key) -> any Encoder { nested(key.stringValue) }
}

private struct ElementsEncoder: UnkeyedEncodingContainer {
  let slot: JSONSlot
  var codingPath: [any CodingKey] { [] }
  var count: Int { slot.count }

  private func nested() -> JSONValueEncoder {
    JSONValueEncoder(slot: slot.appended())
  }

  func encodeNil() { slot.appended().set(JSONValue(.null)) }

  func encode<T: Encodable>(_ value: T) throws {
    try slot.appended().encode(value)
  }

  func nestedContainer<Nested>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    nested().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }
  func superEncoder() -> any Encoder { nested() }
}

private struct SingleEncoder: SingleValueEncodingContainer {
  let slot: JSONSlot
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { slot.set(JSONValue(.null)) }
  func encode(_ value: Bool) { slot.set(JSONValue(value)) }
  func encode(_ value: String) { slot.set(JSONValue(value)) }
  func encode(_ value: Double) { slot.set(JSONValue(value)) }
  func encode(_ value: Float) { slot.set(JSONValue(value)) }
  func encode(_ value: Int) { slot.set(JSONValue(value)) }
  func encode(_ value: Int8) throws { try slot.setInteger(value) }
  func encode(_ value: Int16) throws { try slot.setInteger(value) }
  func encode(_ value: Int32) throws { try slot.setInteger(value) }
  func encode(_ value: Int64) throws { try slot.setInteger(value) }
  func encode(_ value: UInt) throws { try slot.setInteger(value) }
  func encode(_ value: UInt8) throws { try slot.setInteger(value) }
  func encode(_ value: UInt16) throws { try slot.setInteger(value) }
  func encode(_ value: UInt32) throws { try slot.setInteger(value) }
  func encode(_ value: UInt64) throws { try slot.setInteger(value) }
  func encode<T: Encodable>(_ value: T) throws { try slot.encode(value) }
}
