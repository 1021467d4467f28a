/// One element of any type, wide enough for all of them.
public enum Scalar: Hashable, Sendable, Codable {
  /// An element of a floating-point tensor, exactly.
  case float(Double)
  /// An element of a tensor of integers other than `u64`.
  case int(Int64)
  /// An element of a `u64` tensor.
  case unsigned(UInt64)
  /// An element of a `bool` tensor.
  case bool(Bool)

  /// The nearest double; true is 1. Integers of more than 53 bits are rounded.
  public var asDouble: Double {
    switch self {
    case .float(let value): value
    case .int(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .bool(let value): value ? 1 : 0
    }
  }

  /// The whole number: floats are cut towards zero and saturate, NaN is 0; of a `u64` the same bits.
  public var asInt: Int64 {
    switch self {
    case .float(let value):
      value.isNaN
        ? 0 : (value >= 0x1p63 ? .max : (value < -0x1p63 ? .min : Int64(value)))
    case .int(let value): value
    case .unsigned(let value): Int64(bitPattern: value)
    case .bool(let value): value ? 1 : 0
    }
  }

  /// The bits of a whole number, sign-extended; nil for other values. Sums, differences and products of bits are right for
  /// signed and unsigned numbers alike.
  public var integerBits: Int64? {
    switch self {
    case .int(let value): value
    case .unsigned(let value): Int64(bitPattern: value)
    case .float, .bool: nil
    }
  }

  /// Whether the value is not zero (NaN is not zero).
  public var asBool: Bool {
    switch self {
    case .float(let value): value != 0
    case .int(let value): value != 0
    case .unsigned(let value): value != 0
    case .bool(let value): value
    }
  }

  /// The value as an element of that type has it: floats are rounded to nearest, a float becomes the nearest integer
  /// towards zero and saturates, an integer wraps around.
  public func converted(to dtype: DType) -> Scalar {
    switch dtype {
    case .f32: .float(Double(asFloat))
    case .f64: .float(asDouble)
    case .f16: .float(Double(asFloat16))
    case .bf16: .float(Double(asBFloat16.asFloat))
    case .i32: integer(Int32.self)
    case .i64: .int(asInt)
    case .u8: integer(UInt8.self)
    case .i8: integer(Int8.self)
    case .i16: integer(Int16.self)
    case .u16: integer(UInt16.self)
    case .u32: integer(UInt32.self)
    case .u64: .unsigned(asUnsigned)
    case .bool: .bool(asBool)
    }
  }

  /// Rounded once, from whatever it is.
  public var asFloat: Float {
    switch self {
    case .int(let value): Float(value)
    case .unsigned(let value): Float(value)
    default: Float(asDouble)
    }
  }

  /// The nearest half-precision number, rounded once; infinity beyond its range.
  public var asFloat16: Float16 {
    switch self {
    case .int(let value): Float16(value)
    case .unsigned(let value): Float16(value)
    default: Float16(asDouble)
    }
  }

  /// The nearest `bf16` number, rounded once.
  public var asBFloat16: BFloat16 {
    switch self {
    // Whole numbers of more than 53 bits: what they lose on the way to a double shows in the last bit.
    case .int(let value): BFloat16(Scalar.sticky(value.magnitude, isNegative: value < 0))
    case .unsigned(let value): BFloat16(Scalar.sticky(value, isNegative: false))
    default: BFloat16(asDouble)
    }
  }

  private static func sticky(_ magnitude: UInt64, isNegative: Bool) -> Double {
    let kept = magnitude & ~0xFFF
    let value = Double(magnitude >> 53 == 0 ? magnitude : kept | (kept == magnitude ? 0 : 1 << 12))
    return isNegative ? -value : value
  }

  private var asUnsigned: UInt64 {
    if case .float(let value) = self {
      return value.isNaN || value <= 0 ? 0 : value >= 0x1p64 ? .max : UInt64(value)
    }
    return UInt64(bitPattern: asInt)
  }

  private func integer<T: FixedWidthInteger>(_: T.Type) -> Scalar {
    if let bits = integerBits { return .int(Int64(T(truncatingIfNeeded: bits))) }
    return .int(min(max(asInt, Int64(T.min)), Int64(T.max)))
  }
}

extension DType {
  /// The element at a position of an array in memory.
  public func load(_ memory: UnsafeRawPointer, _ index: Int) -> Scalar {
    let place = memory + index * byteSize
    return switch self {
    case .f32: .float(Double(place.load(as: Float.self)))
    case .f64: .float(place.load(as: Double.self))
    case .f16: .float(Double(place.load(as: Float16.self)))
    case .bf16: .float(Double(place.load(as: BFloat16.self).asFloat))
    case .i32: .int(Int64(place.load(as: Int32.self)))
    case .i64: .int(place.load(as: Int64.self))
    case .u8: .int(Int64(place.load(as: UInt8.self)))
    case .i8: .int(Int64(place.load(as: Int8.self)))
    case .i16: .int(Int64(place.load(as: Int16.self)))
    case .u16: .int(Int64(place.load(as: UInt16.self)))
    case .u32: .int(Int64(place.load(as: UInt32.self)))
    case .u64: .unsigned(place.load(as: UInt64.self))
    case .bool: .bool(place.load(as: UInt8.self) != 0)
    }
  }

  /// Writes an element, converted to this type, at a position of an array in memory.
  public func store(_ value: Scalar, _ memory: UnsafeMutableRawPointer, _ index: Int) {
    let (place, scalar) = (memory + index * byteSize, value.converted(to: self))
    switch self {
    case .f32: place.storeBytes(of: Float(scalar.asDouble), as: Float.self)
    case .f64: place.storeBytes(of: scalar.asDouble, as: Double.self)
    case .f16: place.storeBytes(of: Float16(scalar.asDouble), as: Float16.self)
    case .bf16: place.storeBytes(of: BFloat16(scalar.asDouble), as: BFloat16.self)
    case .i32, .u32: place.storeBytes(of: UInt32(truncatingIfNeeded: scalar.asInt), as: UInt32.self)
    case .i64, .u64: place.storeBytes(of: scalar.asInt, as: Int64.self)
    case .i16, .u16: place.storeBytes(of: UInt16(truncatingIfNeeded: scalar.asInt), as: UInt16.self)
    case .u8, .i8, .bool: place.storeBytes(of: UInt8(truncatingIfNeeded: scalar.asInt), as: UInt8.self)
    }
  }
}

extension HostTensor {
  /// Element at a position in row-major order. The slow, obvious access that the reference evaluator uses.
  public subscript(linear index: Int) -> Scalar {
    get {
      precondition(index >= 0 && index < count)
      return withUnsafeBytes { bytes in bytes.baseAddress.map { dtype.load($0, index) } ?? .int(0) }
    }
    set {
      precondition(index >= 0 && index < count)
      let dtype = dtype
      withUnsafeMutableBytes { bytes in
        if let memory = bytes.baseAddress { dtype.store(newValue, memory, index) }
      }
    }
  }

  /// A tensor of any type from elements of any type, each converted.
  /// - Throws: `Diagnostic` if their number is not that of the elements, or the tensor is too large.
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
