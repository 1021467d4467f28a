/// Changes texts at random, the same for the same seed.
struct Mutator {
  private var state: UInt64

  init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(next() % UInt64(bound)) }

  private static let tokens = [
    "0", "1", "-1", "2", "7", "64", "63", "65536", "1000000", "2147483648", "4611686018427387904",
    "9223372036854775807",
    "-9223372036854775808", "1e308", "1e-320", "0.5", "\"nan\"", "null", "true", "false", "[]", "{}", "\"\"", "\"x\"",
    "\"N\"", "\"f32[2,3]\"", "\"i64[]\"", "\"f32[4611686018427387904]\"", "[[0]]", "{\"index\": 1}", "\"../x\"",
    "\"%0\"",
  ]

  /// The text with one to three changes.
  mutating func mutated(_ text: [UInt8]) -> [UInt8] {
    var result = text
    for _ in 0...below(3) { result = changed(result) }
    return result
  }

  private mutating func changed(_ text: [UInt8]) -> [UInt8] {
    if text.isEmpty { return text }
    var result = text
    switch below(10) {
    case 0: result[below(text.count)] = UInt8(truncatingIfNeeded: next())
    case 1: result[below(text.count)] ^= UInt8(1 << below(8))
    case 2: result.removeSubrange(range(text.count, 16))
    case 3: result.removeLast(below(text.count))
    case 4:
      let part = Array(text[range(text.count, 64)])
      result.insert(contentsOf: part, at: below(text.count))
    case 5: result = swappingTokens(text)
    default: result = replacingToken(text)
    }
    return result
  }

  private mutating func range(_ count: Int, _ longest: Int) -> Range<Int> {
    let start = below(count)
    return start..<min(count, start + 1 + below(longest))
  }

  private mutating func replacingToken(_ text: [UInt8]) -> [UInt8] {
    let tokens = Mutator.spans(text)
    if tokens.isEmpty { return text }
    let token = tokens[below(tokens.count)]
    let new = Mutator.tokens[below(Mutator.tokens.count)]
    return Array(text[..<token.lowerBound]) + Array(new.utf8) + Array(text[token.upperBound...])
  }

  private mutating func swappingTokens(_ text: [UInt8]) -> [UInt8] {
    let tokens = Mutator.spans(text)
    if tokens.isEmpty { return text }
    let (from, to) = (tokens[below(tokens.count)], tokens[below(tokens.count)])
    return Array(text[..<to.lowerBound]) + Array(text[from]) + Array(text[to.upperBound...])
  }

  /// Numbers, words and texts in quotes.
  private static func spans(_ text: [UInt8]) -> [Range<Int>] {
    var spans: [Range<Int>] = []
    var index = 0
    while index < text.count {
      let start = index
      if text[index] == UInt8(ascii: "\"") {
        index += 1
        while index < text.count, text[index] != UInt8(ascii: "\"") { index += 1 }
        index = min(text.count, index + 1)
        spans.append(start..<index)
      } else if isWord(text[index]) {
        while index < text.count, isWord(text[index]) { index += 1 }
        spans.append(start..<index)
      } else {
        index += 1
      }
    }
    return spans
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte &- 48 < 10 || byte | 32 >= 97 && byte | 32 <= 122 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
  }
}
