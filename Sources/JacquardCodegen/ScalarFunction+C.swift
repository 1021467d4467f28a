import JacquardCore
import JacquardKernels

extension ScalarFunction {
  /// The function on vectors, as C, with the arithmetic of the tile function.
  ///
  /// - Parameters:
  ///   - a: The operands. - operand: The type of the operands (of `select`: of the values).
  func text(_ a: [String], _ operand: DType) throws(NotEmitted) -> String {
    if isComparison && !isUnaryTest {
      // A bool is 0 or -1 here.
      guard operand != .bool || self == .equal || self == .notEqual else { throw NotEmitted("\(rawValue) of bool") }
      return "(jqv_i32)(\(a[0]) \(comparison) \(a[1]))"
    }
    switch operand {
    case .f32: return try ofFloats(a)
    case .i32: return try ofIntegers(a)
    case .bool: return try ofBools(a)
    default: throw NotEmitted("\(rawValue) of \(operand)")
    }
  }

  private var isUnaryTest: Bool { self == .isNaN || self == .isInf || self == .isFinite }

  private var comparison: String {
    switch self {
    case .equal: "=="
    case .notEqual: "!="
    case .less: "<"
    case .lessEqual: "<="
    case .greater: ">"
    default: ">="
    }
  }

  private func ofFloats(_ a: [String]) throws(NotEmitted) -> String {
    switch self {
    case .negate: return "-\(a[0])"
    case .abs: return "jqv_abs(\(a[0]))"
    case .add: return "\(a[0]) + \(a[1])"
    case .subtract: return "\(a[0]) - \(a[1])"
    case .multiply: return "\(a[0]) * \(a[1])"
    case .divide: return "\(a[0]) / \(a[1])"
    case .reciprocal: return "1.0f / \(a[0])"
    case .fma: return "jqv_fma(\(a[0]), \(a[1]), \(a[2]))"
    case .select: return "jqv_select(\(a[0]), \(a[1]), \(a[2]))"
    case .isNaN: return "(jqv_i32)(\(a[0]) != \(a[0]))"
    case .isInf: return "(jqv_i32)(jqv_abs(\(a[0])) == __builtin_inff())"
    case .isFinite: return "(jqv_i32)(jqv_abs(\(a[0])) < __builtin_inff())"
    case .minimum, .maximum, .power: return "jqn_\(rawValue)(\(a[0]), \(a[1]))"
    case .sign, .floor, .ceil, .round, .truncate: return "jqn_\(rawValue)(\(a[0]))"
    case .sqrt, .rsqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tanh, .sigmoid, .erf: return "jqv_\(rawValue)(\(a[0]))"
    default: throw NotEmitted(rawValue)
    }
  }

  private func ofIntegers(_ a: [String]) throws(NotEmitted) -> String {
    switch self {
    case .add, .subtract, .multiply, .minimum, .maximum: return "jqn_\(rawValue)_i32(\(a[0]), \(a[1]))"
    case .select: return "jqv_select_i32(\(a[0]), \(a[1]), \(a[2]))"
    case .negate: return "jqn_subtract_i32(\(a[0]) ^ \(a[0]), \(a[0]))"
    case .bitwiseAnd: return "\(a[0]) & \(a[1])"
    case .bitwiseOr: return "\(a[0]) | \(a[1])"
    case .bitwiseXor: return "\(a[0]) ^ \(a[1])"
    case .bitwiseNot: return "~\(a[0])"
    default: throw NotEmitted("\(rawValue) of i32")
    }
  }

  private func ofBools(_ a: [String]) throws(NotEmitted) -> String {
    switch self {
    case .logicalAnd, .bitwiseAnd, .minimum: return "\(a[0]) & \(a[1])"
    case .logicalOr, .bitwiseOr, .maximum: return "\(a[0]) | \(a[1])"
    case .logicalXor, .bitwiseXor: return "\(a[0]) ^ \(a[1])"
    case .logicalNot: return "~\(a[0])"
    case .select: return "jqv_select_i32(\(a[0]), \(a[1]), \(a[2]))"
    default: throw NotEmitted("\(rawValue) of bool")
    }
  }

  /// A conversion between types.
  static func cast(_ a: String, from: DType, to: DType) throws(NotEmitted) -> String {
    switch (from, to) {
    case (.f32, .f32), (.i32, .i32), (.bool, .bool), (.u8, .i32): return a
    case (.i32, .u8): return "\(a) & 255"
    case (.i32, .f32), (.u8, .f32): return "jqn_to_f32(\(a))"
    case (.bool, .f32): return "jqn_to_f32(\(a) & 1)"
    case (.bool, .i32), (.bool, .u8): return "\(a) & 1"
    case (.f32, .i32): return "jqn_to_i32(\(a))"
    case (.f32, .bool): return "(jqv_i32)(\(a) != 0.0f)"
    case (.i32, .bool), (.u8, .bool): return "(jqv_i32)(\(a) != 0)"
    default: throw NotEmitted("a cast from \(from) to \(to)")
    }
  }
}

extension Combiner {
  /// The function on vectors, and what it leaves alone.
  func function(_ dtype: DType) throws(NotEmitted) -> (name: String, identity: String) {
    guard dtype == .f32 else { throw NotEmitted("a reduction of \(dtype)") }
    switch self {
    case .sum: return ("jqn_sum", "0.0f")
    case .product: return ("jqn_product", "1.0f")
    case .minimum: return ("jqn_minimum", "__builtin_inff()")
    case .maximum: return ("jqn_maximum", "-__builtin_inff()")
    default: throw NotEmitted("reduction \(rawValue)")
    }
  }
}
