extension Dim: CustomStringConvertible {
  /// The canonical text, such as `2*N+1`, `N*M-3`, `784`.
  public var description: String {
    var text = ""
    for term in terms {
      let magnitude = term.coefficient.magnitude
      let product = term.symbols.joined(separator: "*")
      let sign = term.coefficient < 0 ? "-" : (text.isEmpty ? "" : "+")
      text += sign + (magnitude == 1 ? product : "\(magnitude)*\(product)")
    }
    if text.isEmpty { return "\(constant)" }
    if constant != 0 { text += constant > 0 ? "+\(constant)" : "\(constant)" }
    return text
  }

  /// Whether a text is a legal symbol name: a letter or `_`, then letters, digits and `_`.
  public static func isSymbolName(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 64 else { return false }
    return isLetter(first) && text.utf8.allSatisfy { isLetter($0) || isDigit($0) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
  private static func isLetter(_ byte: UInt8) -> Bool {
    (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte == 95
  }

  /// Reads a sum of products of numbers and symbols.
  ///
  /// - Throws: `Diagnostic` if the text is no polynomial or overflows.
  public init(parsing text: String) throws(Diagnostic) {
    var total = Dim(0)
    var rest = Substring(text.filter { $0 != " " })
    if rest.isEmpty || rest.utf8.count > 512 { throw Dim.malformed(text) }
    while !rest.isEmpty {
      let negative = rest.first == "-"
      if negative || rest.first == "+" { rest.removeFirst() }
      let end = rest.firstIndex { $0 == "+" || $0 == "-" } ?? rest.endIndex
      let product = try Dim.product(rest[..<end], of: text)
      total = try negative ? total.minus(product) : total.plus(product)
      rest = rest[end...]
      if rest.count == 1 { throw Dim.malformed(text) }
    }
    self = total
  }

  private static func product(
    _ part: Substring, of text: String
  ) throws(Diagnostic) -> Dim {
    var result = Dim(1)
    for factor in part.split(separator: "*", omittingEmptySubsequences: false) {
      if let number = Int(factor), factor.utf8.allSatisfy(isDigit) {
        result = try result.times(Dim(number))
      } else if isSymbolName(factor) {
        result = try result.times(.symbol(String(factor)))
      } else {
        throw malformed(text)
      }
    }
    return result
  }

  private static func malformed(_ text: String) -> Diagnostic {
    Diagnostic("'\(text)' is not a dimension (a number or a polynomial such as 2*N+1)")
  }
}

extension Dim: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    try self.init(parsing: container.decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
