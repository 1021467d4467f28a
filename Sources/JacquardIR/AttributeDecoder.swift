import JacquardCore
import JacquardFiles

/// Fills stored properties from attributes or from a file. Unknown and missing keys are errors.
enum AttributeDecoder {
  /// - Parameter defaults: values of the attributes that may be left out.
  static func decode<T: Decodable>(
    _ type: T.Type, from item: CodedItem, defaults: [AttributeField] = [], context: Context = .attributes
  ) throws -> T {
    try Source(item, path: "", defaults: defaults, context: context).decode(type)
  }

  /// What holds for all parts of one value.
  final class Context: Sendable {
    /// What a part is called in messages.
    let noun: String
    /// Reads a tensor that a file refers to.
    let tensors: TensorResolver?

    init(noun: String, tensors: TensorResolver? = nil) {
      self.noun = noun
      self.tensors = tensors
    }

    static let attributes = Context(noun: "attribute")
    static let keys = Context(noun: "key")
  }

  /// A value to read from, with the path of keys that leads to it.
  struct Source: Decoder {
    let item: CodedItem
    let path: String
    let defaults: [AttributeField]
    let context: Context

    init(_ item: CodedItem, path: String, defaults: [AttributeField] = [], context: Context) {
      self.item = item
      self.path = path
      self.defaults = defaults
      self.context = context
    }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
      do {
        if type == AttributeTensor.self, let result = AttributeTensor(try tensor()) as? T { return result }
        if type == Dim.self, case .dimension(let dim) = item.leaf, let result = dim as? T { return result }
        return try T(from: self)
      } catch let error as DecodingError {
        throw fail(error.summary)
      } catch let error as Diagnostic where error.place == nil {
        throw located(error)
      }
    }

    private func tensor() throws -> HostTensor {
      switch item {
      case .attribute(.tensor(let tensor)): return tensor
      case .json(let value): return try HostTensor(json: value, tensors: context.tensors)
      default: throw fail("must be a tensor")
      }
    }

    /// A diagnostic that names the place of this value.
    func fail(_ message: String) -> Diagnostic { located(Diagnostic(message)) }

    private func located(_ error: Diagnostic) -> Diagnostic {
      var error = error
      if let place = item.place {
        error.place = place
        if !path.isEmpty { error.message = "\(context.noun) '\(path)': \(error.message)" }
      } else if !path.isEmpty {
        error.place = "\(context.noun) '\(path)'"
      }
      return error
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
      guard var fields = item.fields else { throw fail("must be an object") }
      for field in fields where Key(stringValue: field.key) == nil {
        throw child(field.item, key: nil).fail("unknown \(context.noun) \(quoted(field.key))")
      }
      for value in defaults where !fields.contains(where: { $0.key == value.key }) {
        fields.append((value.key, .attribute(value.value)))
      }
      return KeyedDecodingContainer(KeyedSource<Key>(self, fields))
    }

    /// A part of this value; without a key it keeps this value's path.
    func child(_ item: CodedItem, key: String?) -> Source {
      let path = key.map { self.path.isEmpty ? $0 : "\(self.path).\($0)" } ?? self.path
      return Source(item, path: path, context: context)
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
      guard let items = item.items else { throw fail("must be a list") }
      return UnkeyedSource(source: self, items: items)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { SingleSource(source: self) }
  }
}

extension DecodingError {
  /// One line without Foundation's prose.
  var summary: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.debugDescription
    case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
    @unknown default: "cannot be read"
    }
  }
}

private struct KeyedSource<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let source: AttributeDecoder.Source
  private let fields: [(key: String, item: CodedItem)]
  /// Positions by name, if there are too many fields to look through.
  private let positions: [String: Int]?
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { fields.compactMap { Key(stringValue: $0.key) } }

  init(_ source: AttributeDecoder.Source, _ fields: [(key: String, item: CodedItem)]) {
    self.source = source
    self.fields = fields
    let pairs = fields.count > 16 ? fields.enumerated().map { ($1.key, $0) } : []
    positions = pairs.isEmpty ? nil : Dictionary(pairs) { first, _ in first }
  }

  private func find(_ key: Key) -> CodedItem? {
    if let positions { return positions[key.stringValue].map { fields[$0].item } }
    return fields.first { $0.key == key.stringValue }?.item
  }

  func contains(_ key: Key) -> Bool { find(key) != nil }

  private func child(_ key: Key) throws -> AttributeDecoder.Source {
    guard let item = find(key) else {
      throw source.fail("\(source.context.noun) '\(key.stringValue)' is missing")
    }
    return source.child(item, key: key.stringValue)
  }

  func decodeNil(forKey key: Key) throws -> Bool { find(key)?.isNull ?? true }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try child(key).decode(type) }
  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    contains(key) ? try decode(type, forKey: key) : nil
  }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try child(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try child(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { source }
  func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }
}

private struct UnkeyedSource: UnkeyedDecodingContainer {
  let source: AttributeDecoder.Source
  let items: [CodedItem]
  var currentIndex = 0

  init(source: AttributeDecoder.Source, items: [CodedItem]) {
    self.source = source
    self.items = items
  }

  var codingPath: [any CodingKey] { [] }
  var count: Int? { items.count }
  var isAtEnd: Bool { currentIndex >= items.count }

  private mutating func next() throws -> AttributeDecoder.Source {
    if isAtEnd { throw source.fail("has too few items") }
    defer { currentIndex += 1 }
    return AttributeDecoder.Source(
      items[currentIndex], path: "\(source.path)[\(currentIndex)]", context: source.context)
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, items[currentIndex].isNull else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decode(type) }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
  mutating func superDecoder() throws -> any Decoder { try next() }
}
