import JacquardCore
import JacquardFiles

/// What stored properties are filled from: an attribute in memory, or a value of a file with its place.
enum CodedItem {
  case attribute(AttributeValue)
  case json(JSONValue)

  /// A value without parts.
  enum Leaf {
    case null
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case dimension(Dim)
    case other
  }

  var leaf: Leaf {
    switch self {
    case .attribute(let value): CodedItem.leaf(value)
    case .json(let value): CodedItem.leaf(value)
    }
  }

  private static func leaf(_ value: AttributeValue) -> Leaf {
    switch value {
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .float(let value): .float(value)
    case .string(let value): .string(value)
    case .dimension(let dim): .dimension(dim)
    case .array, .object, .tensor: .other
    }
  }

  private static func leaf(_ value: JSONValue) -> Leaf {
    switch value.content {
    case .null: .null
    case .bool(let value): .bool(value)
    case .integer(let value): Int(exactly: value).map { .int($0) } ?? .other
    case .double(let value, _): .float(value)
    case .string(let value): .string(value)
    case .array, .object: .other
    }
  }

  /// The fields of an object, or nil.
  var fields: [(key: String, item: CodedItem)]? {
    switch self {
    case .attribute(.object(let fields)): return fields.map { ($0.key, .attribute($0.value)) }
    case .json(let value):
      guard case .object(let fields) = value.content else { return nil }
      return fields.map { ($0.name, .json($0.value)) }
    default: return nil
    }
  }

  /// The elements of a list, or nil.
  var items: [CodedItem]? {
    switch self {
    case .attribute(.array(let items)): return items.map { .attribute($0) }
    case .json(let value):
      guard case .array(let items) = value.content else { return nil }
      return items.map { .json($0) }
    default: return nil
    }
  }

  /// File, line and column, if it comes from a file.
  var place: String? {
    if case .json(let value) = self { value.place.text } else { nil }
  }

  var isNull: Bool { if case .null = leaf { true } else { false } }
}
