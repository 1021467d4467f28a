/// The counter-based generator Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3; 2011).
///
/// A key is two words. Element i of a draw uses word i mod 4 of block i / 4; the counter of block b is (b low, b high, 0, 0).
public struct Philox: Hashable, Sendable {
  /// The four words of a counter or of a block that is drawn.
  public typealias Words = (UInt32, UInt32, UInt32, UInt32)
  /// The two words that tell one stream of numbers from another.
  public let key: (low: UInt32, high: UInt32)

  /// The generator with these words as its key, the low one first.
  public init(_ low: UInt32, _ high: UInt32) { key = (low, high) }

  /// The key with which everything that a seed determines begins.
  public init(seed: Int) {
    let bits = UInt64(bitPattern: Int64(seed))
    self.init(UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
  }

  public static func == (a: Philox, b: Philox) -> Bool { a.key == b.key }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(key.low)
    hasher.combine(key.high)
  }

  /// The four words of a counter.
  public func block(_ counter: Words) -> Words {
    var (c0, c1, c2, c3) = counter
    var (k0, k1) = (key.low, key.high)
    for _ in 0..<10 {
      let a = UInt64(c0) &* 0xD251_1F53
      let b = UInt64(c2) &* 0xCD9E_8D57
      (c0, c1, c2, c3) = (
        UInt32(truncatingIfNeeded: b >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: a)
      )
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    return (c0, c1, c2, c3)
  }

  /// The words of elements `4 * index ..< 4 * index + 4` of a draw.
  public func block(_ index: Int) -> Words {
    let bits = UInt64(bitPattern: Int64(index))
    return block((UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32), 0, 0))
  }

  /// A key for a purpose: the first two words of counter (data low, data high, 0, 1).
  public func folded(_ data: Int) -> Philox {
    let bits = UInt64(bitPattern: Int64(data))
    let words = block((UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32), 0, 1))
    return Philox(words.0, words.1)
  }

  /// Word i mod 4 of block i / 4.
  public func word(_ element: Int) -> UInt32 {
    let words = block(element / 4)
    return switch element % 4 {
    case 0: words.0
    case 1: words.1
    case 2: words.2
    default: words.3
    }
  }

  /// In 0 ..< 1: the top 24 bits of the element's word times 2^-24.
  public func uniform(_ element: Int) -> Double { Double(word(element) >> 8) * 0x1p-24 }

  /// Box-Muller on a pair of words: (w0, w1) gives elements 0 and 1, (w2, w3) elements 2 and 3 of a block.
  public func normalPair(_ element: Int) -> (radiusUniform: Double, angleUniform: Double) {
    let words = block(element / 4)
    let (first, second) = element % 4 < 2 ? (words.0, words.1) : (words.2, words.3)
    return (Double((first >> 8) + 1) * 0x1p-24, Double(second >> 8) * 0x1p-24)
  }
}
