import JacquardCore
import JacquardFiles

/// Reads a tensor of a file beside a graph, by the name of the file and its name in it.
public typealias TensorResolver = @Sendable (_ file: String, _ tensor: String) throws -> HostTensor

extension AttributeValue {
  /// The value as JSON; dimensions become texts.
  ///
  /// - Parameter tensor: says how a tensor is written.
  func json(_ tensor: (HostTensor) throws -> JSONValue) throws -> JSONValue {
    switch self {
    case .bool(let value): return JSONValue(value)
    case .int(let value): return JSONValue(value)
    case .float(let value): return JSONValue(value)
    case .string(let value): return JSONValue(value)
    case .dimension(let dim): return JSONValue(dim.description)
    case .array(let items): return JSONValue(try items.map { try $0.json(tensor) })
    case .object(let fields):
      return JSONValue(.object(try fields.map { JSONField($0.key, try $0.value.json(tensor)) }))
    case .tensor(let value): return try tensor(value)
    }
  }
}

extension HostTensor {
  /// Most bytes that a canonical file holds inline.
  static let inlineLimit = 64

  /// `{"type": "f32[2]", "data": [1, 2]}`, rows outermost.
  var inlineJSON: JSONValue {
    let data: [JSONValue] =
      switch dtype {
      case .f32: elements(Float.self).map { JSONValue($0) }
      case .f64: elements(Double.self).map { JSONValue($0) }
      case .i32: elements(Int32.self).map { JSONValue(Int64($0)) }
      case .i64: elements(Int64.self).map { JSONValue($0) }
      case .u64: elements(UInt64.self).map { Int64(exactly: $0).map { JSONValue($0) } ?? JSONValue(String($0)) }
      case .f16, .bf16: (0..<count).map { JSONValue(self[linear: $0].asFloat) }
      case .u8, .i8, .i16, .u16, .u32: (0..<count).map { JSONValue(self[linear: $0].asInt) }
      case .bool: (0..<count).map { JSONValue(self[linear: $0].asBool) }
      }
    return ["type": JSONValue(type.description), "data": JSONValue(data)]
  }

  /// Whether a canonical file holds it inline: it is small, and every NaN is the one that `"nan"` reads back as.
  var isInline: Bool {
    byteCount <= HostTensor.inlineLimit && (0..<count).allSatisfy { hasPlainBits($0) }
  }

  private func hasPlainBits(_ index: Int) -> Bool {
    withUnsafeBytes { bytes in
      switch dtype {
      case .f32:
        let value = bytes.load(fromByteOffset: index * 4, as: Float.self)
        return !value.isNaN || value.bitPattern == Float.nan.bitPattern
      case .f64:
        let value = bytes.load(fromByteOffset: index * 8, as: Double.self)
        return !value.isNaN || value.bitPattern == Double.nan.bitPattern
      case .f16:
        let value = bytes.load(fromByteOffset: index * 2, as: Float16.self)
        return !value.isNaN || value.bitPattern == Float16.nan.bitPattern
      case .bf16:
        let value = bytes.load(fromByteOffset: index * 2, as: BFloat16.self)
        return !value.asFloat.isNaN || value == BFloat16(Float.nan)
      case .i32, .i64, .u8, .i8, .i16, .u16, .u32, .u64: return true
      case .bool: return bytes[index] < 2
      }
    }
  }

  /// Reads `{type, data}` or `{file, tensor, sha256}`.
  ///
  /// - Throws: `Diagnostic` with the place if keys, numbers or their count are wrong, the file's name is more than a name, the
  ///   file cannot be read, or its content is not the one that was meant.
  init(json: JSONValue, tensors: TensorResolver?) throws {
    let object = try json.object()
    self = try object["file"] == nil ? HostTensor.inline(object) : HostTensor.stored(object, tensors)
  }

  private static func inline(_ object: JSONObject) throws -> HostTensor {
    try object.rejectUnknown(["type", "data"])
    let type = try TensorType(json: object.required("type"))
    let data = try object.required("data")
    let values = try data.array()
    guard let sizes = type.shape.sizes else { throw data.fail("a constant of type \(type) has no size") }
    guard try type.shape.elementCount().value == values.count else {
      throw data.fail("type \(type) does not have \(values.count) elements")
    }
    var scalars: [Scalar] = []
    scalars.reserveCapacity(values.count)
    for value in values { scalars.append(try scalar(value, type.dtype)) }
    return try HostTensor(type.dtype, sizes, scalars)
  }

  private static func scalar(_ value: JSONValue, _ dtype: DType) throws(Diagnostic) -> Scalar {
    switch dtype {
    case .f32, .f16, .bf16: .float(Double(try value.float()))
    case .f64: .float(try value.double())
    case .i32: .int(Int64(try value.integer(Int32.self)))
    case .i64: .int(try value.integer(Int64.self))
    case .u8: .int(Int64(try value.integer(UInt8.self)))
    case .i8: .int(Int64(try value.integer(Int8.self)))
    case .i16: .int(Int64(try value.integer(Int16.self)))
    case .u16: .int(Int64(try value.integer(UInt16.self)))
    case .u32: .int(Int64(try value.integer(UInt32.self)))
    case .u64: .unsigned(try unsigned(value))
    case .bool: .bool(try value.bool())
    }
  }

  /// JSON's integers end at 2^63: larger ones are written as texts.
  private static func unsigned(_ value: JSONValue) throws(Diagnostic) -> UInt64 {
    guard case .string(let text) = value.content else { return try value.integer(UInt64.self) }
    guard let number = UInt64(text), String(number) == text else { throw value.fail("\(quoted(text)) is not a u64") }
    return number
  }

  private static func stored(_ object: JSONObject, _ tensors: TensorResolver?) throws -> HostTensor {
    try object.rejectUnknown(["file", "tensor", "sha256"])
    let place = try object.required("file")
    let file = try place.string()
    if file.isEmpty || file == "." || file == ".." || file.contains(where: { $0 == "/" || $0 == "\\" || $0 == "\0" }) {
      throw place.fail("\(quoted(file)) is not the name of a file beside the graph")
    }
    let name = try object.required("tensor").string()
    let hash = try object.required("sha256")
    let wanted = try hash.string()
    guard let tensors else { throw place.fail("constants in files cannot be read here") }
    let tensor: HostTensor
    do {
      tensor = try tensors(file, name)
    } catch let error as Diagnostic {
      throw place.fail(error.description)
    }
    guard SHA256.hex(of: tensor) == wanted else {
      throw hash.fail("tensor \(quoted(name)) of \(quoted(file)) has changed: its SHA-256 is another")
    }
    return tensor
  }
}

extension TensorType {
  private static let longestText = 4096

  /// Reads a type at its place. - Throws: `Diagnostic` with the place.
  init(json: JSONValue) throws(Diagnostic) {
    let text = try json.string()
    if text.utf8.count > TensorType.longestText { throw json.fail("the type is too long") }
    do { try self.init(parsing: text) } catch { throw json.fail(error.message) }
  }
}
