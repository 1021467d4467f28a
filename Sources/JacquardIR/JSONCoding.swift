import JacquardCore
import JacquardFiles

/// Swift values as JSON and back, the same for every run: keys in the order of declaration, nil left out, dictionaries
/// sorted, floats in the shortest form that reads back, `"nan" "inf" "-inf"` as texts.
public enum JSONCoding {
  /// The value as JSON.
  /// - Throws: `Diagnostic` for integers beyond 64 bits, tensors, and dictionaries whose keys are not strings.
  public static func encode(_ value: some Encodable) throws -> JSONValue {
    try AttributeEncoder.tree(value).json()
  }

  /// The value that JSON describes. Missing and unknown keys are errors.
  /// - Throws: `Diagnostic` with file, line, column and the path of keys.
  public static func decode<T: Decodable>(_ type: T.Type, from json: JSONValue) throws -> T {
    try AttributeDecoder.decode(type, from: .json(json), context: .keys)
  }
}

extension EncodedTree {
  fileprivate func json() throws -> JSONValue {
    switch content {
    case .empty: return JSONValue(fields: [])
    case .null: return nil
    case .leaf(let value): return try value.json { _ in throw Diagnostic("a tensor cannot be written here") }
    case .fields(let fields): return JSONValue(.object(try fields.map { JSONField($0.key, try $0.tree.json()) }))
    case .items(let items): return JSONValue(try items.map { try $0.json() })
    }
  }
}
