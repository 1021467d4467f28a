/// The upper half of a `Float`: its exponent, and 7 bits of its mantissa. For storage; compute in `Float`.
public struct BFloat16: Hashable, Sendable {
  /// Sign, 8 bits of exponent and 7 of mantissa, from the highest bit down.
  public var bitPattern: UInt16

  /// The value that these bits stand for; every pattern is one.
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The nearest value, of two equally near ones the even one.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      // A NaN whose payload lies in the lower half alone must not become infinity.
      bitPattern = UInt16(bits >> 16) | 0x40
    } else {
      bitPattern = UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
  }

  /// The nearest value, of two equally near ones the even one.
  public init(_ value: Double) { self.init(Float(roundedToOdd: value)) }

  /// The same value in single precision, exactly.
  public var asFloat: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
}

extension Float {
  /// The value itself if it is a `Float`, else that of the two around it whose last bit is 1: a further rounding to fewer
  /// bits then gives what rounding once would have given (https://doi.org/10.1109/TC.2007.70819).
  init(roundedToOdd value: Double) {
    self = Float(value)
    if Double(self) == value || value.isNaN || bitPattern & 1 == 1 { return }
    self = Float(bitPattern: Double(magnitude) > value.magnitude ? bitPattern - 1 : bitPattern + 1)
  }
}
