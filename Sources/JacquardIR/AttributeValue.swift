import JacquardCore

/// The value of an operation's attribute: what its stored properties are in files and in text.
public indirect enum AttributeValue: Hashable, Sendable {
  /// In files `true` or `false`.
  case bool(Bool)
  /// A whole number that is no dimension.
  case int(Int)
  /// Any double; in files NaN and infinities are strings.
  case float(Double)
  /// Text, such as a mode of an operation.
  case string(String)
  /// In files a string, `"2*N+1"`, so that a dimension may mention symbols.
  case dimension(Dim)
  /// Values in order.
  case array([AttributeValue])
  /// Named values in the order of declaration.
  case object([AttributeField])
  /// In files inline if it is small, else a reference to a tensor of a file beside the graph.
  case tensor(HostTensor)
}

/// A named attribute.
public struct AttributeField: Hashable, Sendable {
  /// The name of the stored property.
  public let key: String
  /// What the property holds.
  public let value: AttributeValue

  /// An attribute of a name.
  public init(_ key: String, _ value: AttributeValue) {
    self.key = key
    self.value = value
  }
}

extension HostTensor: Hashable {
  public func hash(into hasher: inout Hasher) {
    hasher.combine(dtype)
    hasher.combine(sizes)
    withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0.prefix(4096))) }
  }
}

extension AttributeValue {
  /// Every symbol that its dimensions mention.
  public var symbols: Set<String> {
    switch self {
    case .dimension(let dim): dim.symbols
    case .array(let values): values.reduce(into: []) { $0.formUnion($1.symbols) }
    case .object(let fields): fields.reduce(into: []) { $0.formUnion($1.value.symbols) }
    default: []
    }
  }

  /// The value with the symbols of its dimensions replaced.
  /// - Throws: `Diagnostic` on overflow.
  public func bound(_ bindings: [String: Int]) throws(Diagnostic) -> AttributeValue {
    switch self {
    case .dimension(let dim): return .dimension(try dim.bound(bindings))
    case .array(let values):
      var result: [AttributeValue] = []
      for value in values { result.append(try value.bound(bindings)) }
      return .array(result)
    case .object(let fields):
      var result: [AttributeField] = []
      for field in fields { result.append(AttributeField(field.key, try field.value.bound(bindings))) }
      return .object(result)
    default: return self
    }
  }
}
