import JacquardCore
import JacquardFiles
import JacquardKernels

/// Why a nest is not emitted: the tile machine runs it, with the same result.
package struct NotEmitted: Error, Hashable {
  package let reason: String
  init(_ reason: String) { self.reason = reason }
}

/// How values of a type stand in emitted C: up to 16 of them in a vector.
struct LaneType {
  /// Of an element in memory.
  let element: String
  let vector: String
  /// Of the functions that read and write it.
  let suffix: String

  init(_ dtype: DType) throws(NotEmitted) {
    switch dtype {
    case .f32: (element, vector, suffix) = ("float", "jqv_f32", "")
    case .i32: (element, vector, suffix) = ("int", "jqv_i32", "_i32")
    case .u8: (element, vector, suffix) = ("unsigned char", "jqv_i32", "_u8")
    case .bool: (element, vector, suffix) = ("unsigned char", "jqv_i32", "_bool")
    // Whole numbers that are known to fit into 32 bits.
    case .i64: (element, vector, suffix) = ("long long", "jqv_i32", "_i64")
    default: throw NotEmitted("values of type \(dtype)")
    }
  }

  var isFloat: Bool { suffix.isEmpty }

  /// One value in all lanes.
  func splat(_ scalar: String) -> String {
    switch suffix {
    case "": "jqv_splat(\(scalar))"
    case "_bool": "jqv_splat_i32(-((\(scalar)) != 0))"
    default: "jqv_splat_i32(\(scalar))"
    }
  }

  /// A lane as an element in memory.
  func lane(_ vector: String, _ lane: String) -> String {
    switch suffix {
    case "_bool": "(unsigned char)(\(vector)[\(lane)] & 1)"
    case "_u8": "(unsigned char)\(vector)[\(lane)]"
    default: "\(vector)[\(lane)]"
    }
  }

  /// An element in memory as a lane.
  func value(_ element: String) -> String { suffix == "_bool" ? "-(\(element) != 0)" : element }

  func constant(_ scalar: Scalar) throws(NotEmitted) -> String {
    switch suffix {
    case "": return "jqn_float(0x\(String(Float(scalar.asDouble).bitPattern, radix: 16))u /* \(scalar.asDouble) */)"
    case "_bool": return scalar.asDouble != 0 ? "1" : "0"
    default:
      guard let value = Int32(exactly: scalar.asDouble) else { throw NotEmitted("a constant that is no i32") }
      return value == .min ? "(-2147483647 - 1)" : "\(value)"
    }
  }
}

extension IndexExpression {
  /// As C. `axis` names an axis, `value` the result of an instruction.
  func text(_ axis: (Int) -> String, _ value: (Int) -> String = { _ in "" }) -> String {
    var parts: [String] = []
    for term in terms {
      let atom: String
      switch term.atom {
      case .axis(let number): atom = axis(number)
      case .value(let number): atom = value(number)
      case .floorDiv(let inner, let divisor): atom = "jqn_divide(\(inner.text(axis, value)), \(divisor))"
      case .remainder(let inner, let divisor): atom = "jqn_modulo(\(inner.text(axis, value)), \(divisor))"
      }
      parts.append(term.coefficient == 1 ? atom : "\(atom) * \(term.coefficient)")
    }
    if constant != 0 || parts.isEmpty { parts.append("\(constant)") }
    return parts.joined(separator: " + ")
  }
}

extension SHA256 {
  /// The first 80 bits of the digest of a text, in hexadecimal.
  static func short(_ text: String) -> String {
    var hash = SHA256()
    hash.update(Array(text.utf8))
    let digits = Array("0123456789abcdef")
    return hash.digest().prefix(10).map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined()
  }
}
