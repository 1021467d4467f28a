/// A number in a decimal notation: `-12`, `+.5`, `1e-3`. (No hexadecimals, infinities or digit groups.)
enum CSVNumber {
  case integer(Int64)
  case real(Double)

  init?(_ text: ArraySlice<UInt8>) {
    guard let parts = DecimalParts(text) else { return nil }
    if let value = parts.integer {
      self = .integer(value)
    } else if let value = parts.double {
      self = .real(value)
    } else {
      // Rare: many digits or a large exponent.
      let spelling = String(decoding: text, as: UTF8.self)
      if parts.isWhole, let value = Int64(spelling) {
        self = .integer(value)
      } else if let value = Double(spelling) {
        self = .real(value)
      } else {
        return nil
      }
    }
  }

  var asDouble: Double {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    }
  }
}

/// The parts of a number as they are written.
private struct DecimalParts {
  private var isNegative = false
  /// All digits before the exponent as one number; cut off if there are more than 19.
  private var mantissa: UInt64 = 0
  private var digitCount = 0
  /// The power of ten that the mantissa is multiplied with.
  private var exponent = 0
  private(set) var isWhole = true
  private var rest: ArraySlice<UInt8>

  /// `[+-]?` digits, with or without a point among them, `([eE][+-]?[0-9]+)?`; else nil.
  init?(_ text: ArraySlice<UInt8>) {
    rest = text
    isNegative = skipSign()
    digits()
    if skip(UInt8(ascii: ".")) {
      isWhole = false
      let before = digitCount
      digits()
      exponent = before - digitCount
    }
    if digitCount == 0 { return nil }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      isWhole = false
      guard let written = writtenExponent() else { return nil }
      exponent += written
    }
    if !rest.isEmpty { return nil }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    if rest.first != byte { return false }
    rest.removeFirst()
    return true
  }

  /// Whether there is a minus.
  private mutating func skipSign() -> Bool { skip(UInt8(ascii: "-")) || (skip(UInt8(ascii: "+")) && false) }

  private mutating func digit() -> UInt64? {
    guard let byte = rest.first, byte &- UInt8(ascii: "0") < 10 else { return nil }
    rest.removeFirst()
    return UInt64(byte &- UInt8(ascii: "0"))
  }

  private mutating func digits() {
    while let digit = digit() {
      digitCount += 1
      if digitCount <= 19 { mantissa = mantissa &* 10 &+ digit }
    }
  }

  private mutating func writtenExponent() -> Int? {
    let isNegative = skipSign()
    guard var value = digit().map({ Int($0) }) else { return nil }
    while let digit = digit() { value = min(value * 10 + Int(digit), 100_000) }
    return isNegative ? -value : value
  }

  /// The value of a whole number of few digits.
  var integer: Int64? {
    guard isWhole, digitCount < 19 else { return nil }
    return isNegative ? -Int64(mantissa) : Int64(mantissa)
  }

  /// The value where one division or product of exact numbers gives it, rounded once.
  var double: Double? {
    guard !isWhole, digitCount < 19, mantissa < 1 << 53, abs(exponent) < Self.powers.count else { return nil }
    let power = Self.powers[abs(exponent)]
    let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
    return isNegative ? -value : value
  }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19,
    1e20, 1e21, 1e22,
  ]
}
