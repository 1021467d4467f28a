import Jacquard

/// Whole numbers from a seed, the same on every machine.
struct Draw {
  private let key: Philox
  private var count = 0

  /// - Parameters: What the numbers depend on beside the seed: numbers of other places do not shift them.
  init(seed: Int, _ places: Int...) {
    key = places.reduce(Philox(seed: seed)) { $0.folded($1) }
  }

  /// From `low` to `high`, both included.
  mutating func integer(_ low: Int, _ high: Int) -> Int {
    count += 1
    return low + Int((UInt64(key.word(count)) * UInt64(high - low + 1)) >> 32)
  }

  /// From `low` to `high`, each octave as likely as the next.
  mutating func octave(_ low: Int, _ high: Int) -> Int {
    var octaves = 0
    while low << (octaves + 1) <= high { octaves += 1 }
    let start = low << integer(0, octaves)
    return integer(start, min(2 * start - 1, high))
  }

  /// A batch from 1 to `most`: 1 in one of six cases.
  mutating func batch(_ most: Int) -> Int { integer(1, 6) == 1 ? 1 : octave(1, most) }

  /// From `low` to `high`, and no multiple of 16.
  mutating func odd(_ low: Int, _ high: Int) -> Int {
    while true {
      let number = octave(low, high)
      if number % 16 != 0 { return number }
    }
  }

  mutating func pick<T>(_ items: [T]) -> T { items[integer(0, items.count - 1)] }
}
