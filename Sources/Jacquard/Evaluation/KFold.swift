import JacquardCore

/// Examples cut into parts of equal size, each of which is tested on once.
public struct KFold: Sendable {
  /// Positions of examples.
  public struct Split: Sendable, Hashable {
    /// All examples of the other parts.
    public let train: [Int]
    /// The examples of one part.
    public let test: [Int]
  }

  /// One a part.
  public let splits: [Split]

  /// - Parameters:
  ///   - count: Examples. The first parts have one more where they do not divide evenly.
  ///   - seed: Mixes them first; nil leaves them in order.
  /// - Throws: `Diagnostic` unless 2 <= folds <= count.
  public init(_ count: Int, folds: Int, seed: Int? = 0) throws(Diagnostic) {
    guard folds >= 2, folds <= count else { throw Diagnostic("\(count) examples cannot be cut into \(folds) folds") }
    let order = (seed.map { Shuffle.seeded($0) } ?? .none).order(count: count, epoch: 0).map { Int($0) }
    var start = 0
    splits = (0..<folds).map { fold in
      let end = start + count / folds + (fold < count % folds ? 1 : 0)
      defer { start = end }
      return Split(train: Array(order[..<start] + order[end...]), test: Array(order[start..<end]))
    }
  }
}
