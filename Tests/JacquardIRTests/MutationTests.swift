import JacquardCore
import JacquardIR
import Testing

/// A small generator, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Damages a text in one to four places.
struct Mutator {
  private static let tokens = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "-1", "0", "9223372036854775807",
    "-9223372036854775808", "1e308", "99999999999999999999", "\"N\"", "\"nan\"", "\"f32[N]\"", "\"%0\"", "x", "h",
    "t:1", "N", "N*N", "\n", " ", "#",
    "f32[4611686018427387904]", "\u{0}", "\u{FF}", "\"../x\"", "@", "(", ")", "=",
  ].map { Array($0.utf8) }

  let source: [UInt8]

  func mutated(_ seed: UInt64) -> [UInt8] {
    var random = SplitMix(state: seed)
    var bytes = source
    for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
    return bytes
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    if bytes.isEmpty { return }
    let at = Int.random(in: 0..<bytes.count, using: &random)
    let end = min(bytes.count, at + Int.random(in: 1...24, using: &random))
    switch Int.random(in: 0..<8, using: &random) {
    case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 2: bytes.removeSubrange(at..<end)
    case 3: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
    case 4: bytes.removeSubrange(at...)
    case 5: bytes.insert(contentsOf: Mutator.tokens.randomElement(using: &random) ?? [], at: at)
    case 6: bytes.replaceSubrange(at..<end, with: Mutator.tokens.randomElement(using: &random) ?? [])
    default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
    }
  }
}

@Suite struct MutationTests {
  /// Reads damaged files. What is accepted must verify, and be canonical after one pass.
  private func run(_ name: String, _ source: String, _ read: ([UInt8]) throws -> Graph) {
    let mutator = Mutator(source: Array(source.utf8))
    var accepted = 0
    for seed in 0..<10_000 {
      let bytes = mutator.mutated(UInt64(seed))
      do {
        let graph = try read(bytes)
        accepted += 1
        try graph.verify()
        let json = try graph.json().text
        let again = try Graph(json: Array(json.utf8), file: "again", registry: tinyRegistry)
        #expect(try again.json().text == json, "\(name), seed \(seed)")
        let text = try graph.text().text
        let parsed = try Graph(text: text, registry: tinyRegistry)
        #expect(try parsed.json().text == json, "\(name), seed \(seed)")
      } catch let error as Diagnostic {
        #expect(error.description.hasPrefix("m:"), "\(name), seed \(seed): \(error)")
        #expect(error.kind == .invalid, "\(name), seed \(seed): \(error)")
        #expect(!error.description.contains("\n"), "\(name), seed \(seed)")
      } catch {
        Issue.record("\(name), seed \(seed): \(error)")
      }
    }
    #expect(accepted > 0 && accepted < 5_000, "\(name): \(accepted) accepted")
  }

  @Test(.timeLimit(.minutes(10))) func damagedJSON() throws {
    run("json", BadFileTests.json) { try Graph(json: $0, file: "m", registry: tinyRegistry) }
    let everything = try TinyGraphs.everything().json().text
    run("everything", everything) { try Graph(json: $0, file: "m", registry: tinyRegistry) }
  }

  @Test(.timeLimit(.minutes(10))) func damagedText() throws {
    run("text", BadTextTests.text) { try Graph(text: $0, file: "m", registry: tinyRegistry) }
    let everything = try TinyGraphs.everything().text().text
    run("everything", everything) { try Graph(text: $0, file: "m", registry: tinyRegistry) }
  }
}
