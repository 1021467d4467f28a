import JacquardCore

/// In which order the examples of an epoch come.
public enum Shuffle: Hashable, Sendable {
  /// As they are stored.
  case none
  /// Mixed anew in each epoch; the order follows from seed and epoch: key = fold(S, epoch).
  case seeded(Int)

  /// The positions of the examples in the order of an epoch.
  public func order(count: Int, epoch: Int) -> [Int32] {
    var order = [Int32](0..<Int32(clamping: count))
    guard case .seeded(let seed) = self else { return order }
    let key = Philox(seed: seed).folded(epoch)
    order.withUnsafeMutableBufferPointer { key.shuffle($0) }
    return order
  }
}

/// What becomes of the last examples if they do not fill a batch.
public enum Remainder: String, Hashable, Sendable, Codable, CaseIterable {
  /// They are a smaller batch.
  case keep
  /// They are left out of the epoch.
  case drop
}

extension Philox {
  /// Fisher-Yates from the end: element i changes places with element floor(word(i) (i + 1) / 2^32).
  func shuffle(_ items: UnsafeMutableBufferPointer<Int32>) {
    var words: Words = (0, 0, 0, 0)
    var index = items.count - 1
    var block = -1
    while index > 0 {
      if index / 4 != block {
        block = index / 4
        words = self.block(block)
      }
      let word = index % 4 == 0 ? words.0 : index % 4 == 1 ? words.1 : index % 4 == 2 ? words.2 : words.3
      let other = Int((UInt64(word) * UInt64(index + 1)) >> 32)
      items.swapAt(index, other)
      index -= 1
    }
  }
}
