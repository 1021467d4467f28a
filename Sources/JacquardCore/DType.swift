/// The type of one element of a tensor.
public enum DType: String, CaseIterable, Hashable, Sendable, Codable {
  /// IEEE 754 single and double precision, integers with sign, bytes, and truth values (one byte, 0 or 1).
  case f32, f64, i32, i64, u8, bool
  /// Further integers, by sign and number of bits.
  case i8, i16, u16, u32, u64
  /// Half precision: 5 bits of exponent, 10 of mantissa (IEEE 754 binary16).
  case f16
  /// The upper half of an f32: 8 bits of exponent, 7 of mantissa.
  case bf16

  /// Bytes that one element takes in memory and in files.
  public var byteSize: Int {
    switch self {
    case .u8, .bool, .i8: 1
    case .i16, .u16, .f16, .bf16: 2
    case .f32, .i32, .u32: 4
    case .f64, .i64, .u64: 8
    }
  }

  /// Whether elements are floating-point numbers, the types that gradients are defined for.
  public var isFloat: Bool {
    switch self {
    case .f32, .f64, .f16, .bf16: true
    default: false
    }
  }

  /// All names, for messages.
  public static var list: String { allCases.map(\.rawValue).joined(separator: " ") }

  /// Whether values are whole numbers (`bool` is not).
  public var isInteger: Bool { !isFloat && self != .bool }

  /// Whether values are whole numbers that are never negative.
  public var isUnsigned: Bool {
    switch self {
    case .u8, .u16, .u32, .u64: true
    default: false
    }
  }

  /// Whether arithmetic is defined: everything but `bool`.
  public var isNumeric: Bool { self != .bool }

  /// The type that arithmetic on values of this type is done in: itself, or a wider one for types that only memory has. Every
  /// result is then converted back: floats rounded to nearest even, integers wrapped around.
  public var computeType: DType {
    switch self {
    case .f16, .bf16: .f32
    case .i8, .i16, .u16: .i32
    case .u32: .i64
    default: self
    }
  }
}

/// A Swift type that is the element type of a tensor.
public protocol TensorScalar: Hashable, Sendable {
  /// The element type of tensors whose elements this Swift type holds.
  static var dtype: DType { get }
}

extension Float: TensorScalar { public static var dtype: DType { .f32 } }
extension Double: TensorScalar { public static var dtype: DType { .f64 } }
extension Int32: TensorScalar { public static var dtype: DType { .i32 } }
extension Int64: TensorScalar { public static var dtype: DType { .i64 } }
extension UInt8: TensorScalar { public static var dtype: DType { .u8 } }
extension Bool: TensorScalar { public static var dtype: DType { .bool } }
extension Int8: TensorScalar { public static var dtype: DType { .i8 } }
extension Int16: TensorScalar { public static var dtype: DType { .i16 } }
extension UInt16: TensorScalar { public static var dtype: DType { .u16 } }
extension UInt32: TensorScalar { public static var dtype: DType { .u32 } }
extension UInt64: TensorScalar { public static var dtype: DType { .u64 } }
extension Float16: TensorScalar { public static var dtype: DType { .f16 } }
extension BFloat16: TensorScalar { public static var dtype: DType { .bf16 } }
