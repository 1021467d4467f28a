/// One element of any type, wide enough for all of them.
public enum Scalar: Hashable, Sendable, Codable {
  case float(Double)
  case int(Int64)
  case bool(Bool)

  public var asDouble: Double {
    switch self {
    case .float(let value): value
    case .int(let value): Double(value)
    case .bool(let value): value ? 1 : 0
    }
  }

  /// The whole number: floats are cut towards zero and saturate, NaN is 0.
  public var asInt: Int64 {
    switch self {
    case .float(let value):
      value.isNaN
        ? 0 : (value >= 0x1p63 ? .max : (value < -0x1p63 ? .min : Int64(value)))
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    }
  }

  /// Whether the value is not zero (NaN is not zero).
  public var asBool: Bool {
    switch self {
    case .float(let value): value != 0
    case .int(let value): value != 0
    case .bool(let value): value
    }
  }

  /// The value as an element of that type has it: floats are rounded to nearest, a float becomes the nearest integer
  /// towards zero and saturates, an integer wraps around.
  public func converted(to dtype: DType) -> Scalar {
    switch dtype {
    case .f32: .float(Double(Float(asDouble)))
    case .f64: .float(asDouble)
    case .i32: integer(Int32.self)
    case .i64: .int(asInt)
    case .u8: integer(UInt8.self)
    case .bool: .bool(asBool)
    }
  }

  private func integer<T: FixedWidthInteger>(_: T.Type) -> Scalar {
    if case .int(let value) = self { return .int(Int64(T(truncatingIfNeeded: value))) }
    return .int(min(max(asInt, Int64(T.min)), Int64(T.max)))
  }
}

extension HostTensor {
  /// Element at a position in row-major order. The slow, obvious access that the reference evaluator uses.
  public subscript(linear index: Int) -> Scalar {
    get {
      precondition(index >= 0 && index < count)
      return withUnsafeBytes { bytes in
        switch dtype {
        case .f32: .float(Double(bytes.load(fromByteOffset: index * 4, as: Float.self)))
        case .f64: .float(bytes.load(fromByteOffset: index * 8, as: Double.self))
        case .i32: .int(Int64(bytes.load(fromByteOffset: index * 4, as: Int32.self)))
        case .i64: .int(bytes.load(fromByteOffset: index * 8, as: Int64.self))
        case .u8: .int(Int64(bytes[index]))
        case .bool: .bool(bytes[index] != 0)
        }
      }
    }
    set {
      precondition(index >= 0 && index < count)
      let (scalar, dtype) = (newValue.converted(to: dtype), dtype)
      withUnsafeMutableBytes { bytes in
        switch dtype {
        case .f32:
          bytes.storeBytes(of: Float(scalar.asDouble), toByteOffset: index * 4, as: Float.self)
        case .f64: bytes.storeBytes(of: scalar.asDouble, toByteOffset: index * 8, as: Double.self)
        case .i32:
          bytes.storeBytes(of: Int32(scalar.asInt), toByteOffset: index * 4, as: Int32.self)
        case .i64: bytes.storeBytes(of: scalar.asInt, toByteOffset: index * 8, as: Int64.self)
        case .u8: bytes[index] = UInt8(scalar.asInt)
        case .bool: bytes[index] = scalar.asBool ? 1 : 0
        }
      }
    }
  }

  /// A tensor of any type from elements of any type, each converted.
  public init(_ dtype: DType, _ sizes: [Int], _ scalars: some Collection<Scalar>) throws(Diagnostic) {
    try self.init(zeros: dtype, sizes)
    if scalars.count != count {
      throw Diagnostic("\(scalars.count) elements do not fill shape \(Shape(sizes))")
    }
    for (index, scalar) in scalars.enumerated() { self[linear: index] = scalar }
  }
}

extension HostTensor: Equatable {
  /// Same type, sizes and bytes (so a NaN equals itself and 0 differs from -0).
  public static func == (a: HostTensor, b: HostTensor) -> Bool {
    guard a.dtype == b.dtype, a.sizes == b.sizes else { return false }
    return a.withUnsafeBytes { left in b.withUnsafeBytes { right in left.elementsEqual(right) } }
  }
}
