import JacquardCore
import JacquardFiles

/// Reads one value without parts.
struct SingleSource: SingleValueDecodingContainer {
  let source: AttributeDecoder.Source
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { source.item.isNull }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard case .bool(let value) = source.item.leaf else { throw source.fail("must be true or false") }
    return value
  }

  /// A whole number stands for its digits, so that a dimension may be written as a number.
  func decode(_ type: String.Type) throws -> String {
    switch source.item.leaf {
    case .string(let value): return value
    case .dimension(let dim): return dim.description
    case .int(let value): return String(value)
    default: throw source.fail("must be a text")
    }
  }

  func decode(_ type: Double.Type) throws -> Double {
    switch source.item.leaf {
    case .float(let value): return value
    case .int(let value): return Double(value)
    case .string("nan"): return .nan
    case .string("inf"): return .infinity
    case .string("-inf"): return -.infinity
    default: throw source.fail("must be a number")
    }
  }

  func decode(_ type: Float.Type) throws -> Float {
    if case .json(let value) = source.item, case .double = value.content { return try value.float() }
    return Float(try decode(Double.self))
  }

  private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    switch source.item.leaf {
    case .int(let value):
      guard let exact = T(exactly: value) else { throw source.fail("\(value) does not fit \(T.self)") }
      return exact
    case .dimension(let dim):
      guard let value = dim.value, let exact = T(exactly: value) else { throw source.fail("must be an integer") }
      return exact
    default: throw source.fail("must be an integer")
    }
  }

  func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try source.decode(type) }
}
