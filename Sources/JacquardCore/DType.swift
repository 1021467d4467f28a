/// The type of one element of a tensor.
public enum DType: String, CaseIterable, Hashable, Sendable, Codable {
  case f32, f64, i32, i64, u8, bool

  /// Bytes that one element takes in memory and in files.
  public var byteSize: Int {
    switch self {
    case .f32, .i32: 4
    case .f64, .i64: 8
    case .u8, .bool: 1
    }
  }

  public var isFloat: Bool { self == .f32 || self == .f64 }

  /// Whether values are whole numbers (`bool` is not).
  public var isInteger: Bool { self == .i32 || self == .i64 || self == .u8 }

  /// Whether arithmetic is defined: everything but `bool`.
  public var isNumeric: Bool { self != .bool }
}

/// A Swift type that is the element type of a tensor.
public protocol TensorScalar: Hashable, Sendable {
  static var dtype: DType { get }
}

extension Float: TensorScalar { public static var dtype: DType { .f32 } }
extension Double: TensorScalar { public static var dtype: DType { .f64 } }
extension Int32: TensorScalar { public static var dtype: DType { .i32 } }
extension Int64: TensorScalar { public static var dtype: DType { .i64 } }
extension UInt8: TensorScalar { public static var dtype: DType { .u8 } }
extension Bool: TensorScalar { public static var dtype: DType { .bool } }
