import JacquardCore

/// One field of a comma-separated text.
struct CSVField {
  /// Without the quotes around it.
  let range: Range<Int>
  let isQuoted: Bool
  /// Whether a quote inside is written twice.
  let hasEscapes: Bool
  /// Where the field begins.
  let line: Int
  /// Whether the row ends after it.
  let endsRow: Bool
}

/// Cuts a comma-separated text into fields, in time proportional to its length.
struct CSVScanner {
  private static let quote = UInt8(ascii: "\"")

  private let bytes: [UInt8]
  private let separator: UInt8
  private let file: String
  private(set) var index = 0
  private(set) var line = 1

  init(_ bytes: [UInt8], separator: UInt8, file: String) {
    self.bytes = bytes
    self.separator = separator
    self.file = file
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
  }

  var isAtEnd: Bool { index >= bytes.count }

  private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

  func wrong(_ message: String, line: Int) -> Diagnostic { Diagnostic(message, place: "\(file):\(line)") }

  /// Moves past an empty line, if one is next.
  mutating func skipEmptyLine() throws(Diagnostic) -> Bool {
    guard peek == 0x0A || peek == 0x0D else { return false }
    return try skipLineEnd()
  }

  /// The next field. Not to be called at the end, except after a separator.
  mutating func field() throws(Diagnostic) -> CSVField {
    let startLine = line
    let isQuoted = peek == Self.quote
    let (range, hasEscapes) = isQuoted ? try quotedRange() : (try plainRange(), false)
    var endsRow = true
    if peek == separator {
      index += 1
      endsRow = false
    } else if !isAtEnd, try !skipLineEnd() {
      throw wrong("text after a closing quote", line: line)
    }
    return CSVField(
      range: range, isQuoted: isQuoted, hasEscapes: hasEscapes, line: startLine, endsRow: endsRow)
  }

  private mutating func skipLineEnd() throws(Diagnostic) -> Bool {
    if peek == 0x0D {
      index += 1
      if peek != 0x0A { throw wrong("a carriage return that no line feed follows", line: line) }
    }
    if peek != 0x0A { return false }
    index += 1
    line += 1
    return true
  }

  private mutating func plainRange() throws(Diagnostic) -> Range<Int> {
    let start = index
    while let byte = peek, byte != separator, byte != 0x0A, byte != 0x0D {
      if byte == Self.quote { throw wrong("a quote inside a field that is not quoted", line: line) }
      if byte == 0 { throw wrong("a zero byte", line: line) }
      index += 1
    }
    return start..<index
  }

  private mutating func quotedRange() throws(Diagnostic) -> (Range<Int>, hasEscapes: Bool) {
    let startLine = line
    index += 1
    let start = index
    var hasEscapes = false
    while let byte = peek {
      index += 1
      if byte == 0x0A { line += 1 }
      if byte == 0 { throw wrong("a zero byte", line: line) }
      guard byte == Self.quote else { continue }
      if peek != Self.quote { return (start..<index - 1, hasEscapes) }
      hasEscapes = true
      index += 1
    }
    throw wrong("a quoted field is never closed", line: startLine)
  }

  // MARK: Values of fields

  /// The text of a field.
  func text(_ field: CSVField) throws(Diagnostic) -> String {
    var part = Array(bytes[field.range])
    if field.hasEscapes {
      var isSecond = false
      part = part.filter { byte in
        isSecond = byte == Self.quote && !isSecond
        return byte != Self.quote || isSecond
      }
    }
    guard let text = String(validating: part, as: UTF8.self) else {
      throw wrong("text that is not valid UTF-8", line: field.line)
    }
    return text
  }

  /// Whether a field stands for a missing value.
  func isMissing(_ field: CSVField) -> Bool {
    let part = trimmed(field)
    guard let first = part.first else { return true }
    if field.isQuoted || part.count > 3 || first | 0x20 != UInt8(ascii: "n") { return false }
    return ["NA", "NaN", "nan"].contains { part.elementsEqual($0.utf8) }
  }

  /// The number a field holds, blanks around it aside; nil for text.
  func number(_ field: CSVField) -> CSVNumber? { CSVNumber(trimmed(field)) }

  private func trimmed(_ field: CSVField) -> ArraySlice<UInt8> {
    var part = bytes[field.range]
    while part.first == 0x20 || part.first == 0x09 { part.removeFirst() }
    while part.last == 0x20 || part.last == 0x09 { part.removeLast() }
    return part
  }
}
