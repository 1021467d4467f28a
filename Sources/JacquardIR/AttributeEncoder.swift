import JacquardCore

/// Turns stored properties into a tree, in the order of declaration.
///
/// Dimensions and tensors are kept as such, so that symbols can be bound and constants stored apart. Dictionaries are
/// written in the order of their keys and sets in the order of their elements: the same value gives the same tree.
enum AttributeEncoder {
  static func encode(_ value: some Encodable) throws -> AttributeValue { try tree(value).attribute() }

  static func tree(_ value: some Encodable) throws -> EncodedTree {
    let tree = EncodedTree()
    try tree.encode(value)
    return tree
  }
}

/// A place to be filled, shared by the containers that write into it.
final class EncodedTree {
  enum Content {
    case empty
    case null
    case leaf(AttributeValue)
    case fields([(key: String, tree: EncodedTree)])
    case items([EncodedTree])
  }
  var content = Content.empty

  /// The tree as attributes. - Throws: `Diagnostic` for nil in a list, which attributes do not have.
  func attribute() throws -> AttributeValue {
    switch content {
    case .empty: return .object([])
    case .null: throw Diagnostic("a list of attributes holds nil", kind: .internalError)
    case .leaf(let value): return value
    case .fields(let fields): return .object(try fields.map { AttributeField($0.key, try $0.tree.attribute()) })
    case .items(let items): return .array(try items.map { try $0.attribute() })
    }
  }

  func encode(_ value: some Encodable) throws {
    switch value {
    case let value as Int: set(.int(value))
    case let value as Bool: set(.bool(value))
    case let value as String: set(.string(value))
    case let value as Double: set(.float(value))
    case let value as Float: set(.float(EncodedTree.shortest(value)))
    case let value as Dim: set(.dimension(value))
    case let value as AttributeTensor: set(.tensor(value.tensor))
    case let value as any BinaryInteger:
      guard let exact = Int(exactly: value) else { throw Diagnostic("integer \(value) does not fit in 64 bits") }
      set(.int(exact))
    case let value as any UnorderedEncodable: try value.encodeInOrder(to: self)
    default: try value.encode(to: TreeEncoder(tree: self))
    }
  }

  func set(_ value: AttributeValue) { content = .leaf(value) }

  /// The double with the fewest digits that is rounded to this float.
  private static func shortest(_ value: Float) -> Double {
    guard value.isFinite, let short = Double(value.description), Float(short) == value else { return Double(value) }
    return short
  }

  func field(_ key: String) -> EncodedTree {
    let tree = EncodedTree()
    var fields: [(key: String, tree: EncodedTree)] = []
    if case .fields(let present) = content { fields = present }
    content = .empty  // So that the list is not copied.
    fields.append((key, tree))
    content = .fields(fields)
    return tree
  }

  func item() -> EncodedTree {
    let tree = EncodedTree()
    var items: [EncodedTree] = []
    if case .items(let present) = content { items = present }
    content = .empty
    items.append(tree)
    content = .items(items)
    return tree
  }

  var itemCount: Int { if case .items(let items) = content { items.count } else { 0 } }
}

/// A tensor as a stored property of an operation: written inline if small, else to a file beside the graph.
public struct AttributeTensor: Hashable, Sendable, Codable {
  /// The values.
  public let tensor: HostTensor

  /// A tensor of any type and static shape.
  public init(_ tensor: HostTensor) { self.tensor = tensor }

  public init(from decoder: any Decoder) throws {
    throw Diagnostic("a tensor is read only from the attributes of an operation", kind: .internalError)
  }

  public func encode(to encoder: any Encoder) throws {
    throw Diagnostic("a tensor is written only to the attributes of an operation", kind: .internalError)
  }
}

// MARK: - Collections without an order of their own

/// A collection that would be encoded in another order in each run.
private protocol UnorderedEncodable: Encodable {
  func encodeInOrder(to tree: EncodedTree) throws
}

extension Dictionary: UnorderedEncodable where Key: Encodable, Value: Encodable {
  fileprivate func encodeInOrder(to tree: EncodedTree) throws {
    guard let named = self as? [String: Value] else {
      throw Diagnostic("a dictionary with \(Key.self) keys has no order to be written in", kind: .internalError)
    }
    tree.content = .fields([])
    for (key, value) in named.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      try tree.field(key).encode(value)
    }
  }
}

extension Set: UnorderedEncodable where Element: Encodable {
  fileprivate func encodeInOrder(to tree: EncodedTree) throws {
    tree.content = .items([])
    guard let first else { return }
    guard let type = type(of: first) as? any (Comparable & Encodable).Type else {
      throw Diagnostic("a set of \(Element.self) has no order to be written in", kind: .internalError)
    }
    try encodeSorted(type, to: tree)
  }

  private func encodeSorted<T: Comparable & Encodable>(_: T.Type, to tree: EncodedTree) throws {
    for element in compactMap({ $0 as? T }).sorted() { try tree.item().encode(element) }
  }
}

// MARK: - Containers

private struct TreeEncoder: Encoder {
  let tree: EncodedTree
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if case .empty = tree.content { tree.content = .fields([]) }
    return KeyedEncodingContainer(KeyedTree<Key>(tree: tree))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if case .empty = tree.content { tree.content = .items([]) }
    return UnkeyedTree(tree: tree)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SingleTree(tree: tree) }
}

private struct KeyedTree<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let tree: EncodedTree
  var codingPath: [any CodingKey] { [] }

  mutating func encodeNil(forKey key: Key) throws {}
  mutating func encode(_ value: some Encodable, forKey key: Key) throws {
    try tree.field(key.stringValue).encode(value)
  }
  mutating func encodeIfPresent(_ value: (some Encodable)?, forKey key: Key) throws {
    if let value { try encode(value, forKey: key) }
  }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    TreeEncoder(tree: tree.field(key.stringValue)).container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    TreeEncoder(tree: tree.field(key.stringValue)).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder { TreeEncoder(tree: tree.field("super")) }
  mutating func superEncoder(forKey key: Key) -> any Encoder { TreeEncoder(tree: tree.field(key.stringValue)) }
}

private struct UnkeyedTree: UnkeyedEncodingContainer {
  let tree: EncodedTree
  var codingPath: [any CodingKey] { [] }
  var count: Int { tree.itemCount }

  mutating func encodeNil() throws { tree.item().content = .null }
  mutating func encode(_ value: some Encodable) throws { try tree.item().encode(value) }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    TreeEncoder(tree: tree.item()).container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    TreeEncoder(tree: tree.item()).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder { TreeEncoder(tree: tree.item()) }
}

private struct SingleTree: SingleValueEncodingContainer {
  let tree: EncodedTree
  var codingPath: [any CodingKey] { [] }

  mutating func encodeNil() throws { tree.content = .null }
  mutating func encode(_ value: some Encodable) throws { try tree.encode(value) }
}
