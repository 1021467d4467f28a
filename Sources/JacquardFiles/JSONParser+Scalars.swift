import JacquardCore

// MARK: - Numbers

extension JSONParser {
  private static let longestNumber = 1024

  /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
  mutating func number() throws(Diagnostic) -> JSONValue.Content {
    let start = index
    if peek == UInt8(ascii: "-") { index += 1 }
    if peek == UInt8(ascii: "0") { index += 1 } else { try digits() }
    let isWhole = try !fraction()
    if index - start > Self.longestNumber { throw place(of: start).fail("the number is too long") }
    let text = UnsafeBufferPointer(rebasing: bytes[start..<index])
    let isNegativeZero = text.count == 2 && text[0] == UInt8(ascii: "-") && text[1] == UInt8(ascii: "0")
    if isWhole && !isNegativeZero { return .integer(try integer(text, at: start)) }
    let spelling = String(decoding: text, as: UTF8.self)
    guard let value = Double(spelling), value.isFinite else {
      throw place(of: start).fail("number \(quoted(spelling)) is too large for a 64-bit float")
    }
    return .double(value, spelling: spelling)
  }

  /// Reads fraction and exponent; false if there is neither.
  private mutating func fraction() throws(Diagnostic) -> Bool {
    let start = index
    if peek == UInt8(ascii: ".") {
      index += 1
      try digits()
    }
    if peek | 0x20 == UInt8(ascii: "e") {
      index += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { index += 1 }
      try digits()
    }
    return index > start
  }

  /// At least one digit.
  private mutating func digits() throws(Diagnostic) {
    if !isDigit(peek) { throw unexpected("a digit") }
    while isDigit(peek) { index += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private func integer(_ text: UnsafeBufferPointer<UInt8>, at start: Int) throws(Diagnostic) -> Int64 {
    let isNegative = text.first == UInt8(ascii: "-")
    var value: Int64 = 0
    for byte in isNegative ? text.dropFirst() : text[...] {
      let digit = Int64(byte &- UInt8(ascii: "0"))
      let (product, tooLong) = value.multipliedReportingOverflow(by: 10)
      let (sum, tooLarge) = product.addingReportingOverflow(isNegative ? -digit : digit)
      if tooLong || tooLarge {
        let spelling = quoted(String(decoding: text, as: UTF8.self))
        throw place(of: start).fail("integer \(spelling) does not fit in 64 bits")
      }
      value = sum
    }
    return value
  }
}

// MARK: - Strings

extension JSONParser {
  /// The string that begins at the quote under `index`.
  mutating func string() throws(Diagnostic) -> String {
    let start = index
    index += 1
    let plain = try skipPlain()
    if plain.next == UInt8(ascii: "\"") {
      let text = try validated(UnsafeBufferPointer(rebasing: bytes[plain.range]), at: start)
      index += 1
      return text
    }
    index = start + 1
    return try escapedString(at: start)
  }

  /// Moves to the next quote or escape; control characters and the end are errors.
  private mutating func skipPlain() throws(Diagnostic) -> (range: Range<Int>, next: UInt8) {
    let start = index
    while true {
      let byte = peek
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return (start..<index, byte) }
      if byte < 0x20 {
        throw index < bytes.count
          ? place.fail("control character in a string (write it as an escape)")
          : place.fail("the text ends inside a string")
      }
      index += 1
    }
  }

  private func validated(_ text: UnsafeBufferPointer<UInt8>, at start: Int) throws(Diagnostic) -> String {
    guard let string = String(validating: text, as: UTF8.self) else {
      throw place(of: start).fail("the string is not valid UTF-8")
    }
    return string
  }

  private mutating func escapedString(at start: Int) throws(Diagnostic) -> String {
    var text: [UInt8] = []
    while true {
      let plain = try skipPlain()
      text += bytes[plain.range]
      index += 1
      if plain.next == UInt8(ascii: "\"") { break }
      let scalar = try escape()
      text += UTF8.encode(scalar).map { Array($0) } ?? []
    }
    return try text.withUnsafeBufferPointer { (buffer) throws(Diagnostic) in
      try validated(buffer, at: start)
    }
  }

  /// What follows a backslash.
  private mutating func escape() throws(Diagnostic) -> Unicode.Scalar {
    let byte = peek
    guard byte != UInt8(ascii: "u") else { return try unicodeEscape() }
    guard let scalar = Self.escapes[byte] else { throw unexpected("an escape such as \\n") }
    index += 1
    return scalar
  }

  private static let escapes: [UInt8: Unicode.Scalar] = [
    UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
    UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
  ]

  /// `uXXXX`, or a pair of surrogates.
  private mutating func unicodeEscape() throws(Diagnostic) -> Unicode.Scalar {
    let start = index - 1
    let high = try hexUnit()
    if let scalar = Unicode.Scalar(high) { return scalar }
    if high < 0xDC00, peek == UInt8(ascii: "\\") {
      index += 1
      let low = peek == UInt8(ascii: "u") ? try hexUnit() : 0
      if low >= 0xDC00, low < 0xE000,
        let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
      {
        return scalar
      }
    }
    throw place(of: start).fail("a surrogate in a \\u escape has no partner")
  }

  /// The four digits after the `u` under `index`.
  private mutating func hexUnit() throws(Diagnostic) -> UInt32 {
    index += 1
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = hexDigit(peek) else { throw unexpected("a hexadecimal digit") }
      value = value << 4 | digit
      index += 1
    }
    return value
  }

  private func hexDigit(_ byte: UInt8) -> UInt32? {
    if isDigit(byte) { return UInt32(byte - UInt8(ascii: "0")) }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? UInt32(letter) + 10 : nil
  }
}
