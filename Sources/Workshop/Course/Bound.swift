/// What a figure must satisfy, for each data set and for full and quick runs, all in one place.
///
/// ```swift
/// run.claim("accuracy", accuracy, .atLeast(0.97, fashion: 0.86, quick: 0.9, quickFashion: 0.78))
/// ```
struct Bound: Sendable, Hashable {
  /// One condition.
  enum Test: Sendable, Hashable {
    case atLeast(Double)
    case atMost(Double)
    case within(ClosedRange<Double>)
    case equal(Double, tolerance: Double)
    case isTrue

    /// NaN satisfies none.
    func holds(_ figure: Double) -> Bool {
      switch self {
      case .atLeast(let bound): figure >= bound
      case .atMost(let bound): figure <= bound
      case .within(let range): range.contains(figure)
      case .equal(let value, let tolerance): abs(figure - value) <= tolerance
      case .isTrue: figure == 1
      }
    }
  }

  /// Without a column of its own Fashion-MNIST has MNIST's condition, and a quick run the full one's.
  private let mnist: Test
  private let fashion: Test?
  private let quick: Test?
  private let quickFashion: Test?

  private init<T>(_ mnist: T, _ fashion: T?, _ quick: T?, _ quickFashion: T?, _ test: (T) -> Test) {
    self.mnist = test(mnist)
    self.fashion = fashion.map(test)
    self.quick = quick.map(test)
    self.quickFashion = quickFashion.map(test)
  }

  /// The condition of a run.
  func test(_ set: ImageSet, quick isQuick: Bool) -> Test {
    let full = set == .mnist ? mnist : fashion ?? mnist
    if !isQuick { return full }
    return set == .mnist ? quick ?? full : quickFashion ?? quick ?? full
  }

  static func atLeast(
    _ mnist: Double, fashion: Double? = nil, quick: Double? = nil, quickFashion: Double? = nil
  ) -> Bound { Bound(mnist, fashion, quick, quickFashion) { .atLeast($0) } }

  static func atMost(
    _ mnist: Double, fashion: Double? = nil, quick: Double? = nil, quickFashion: Double? = nil
  ) -> Bound { Bound(mnist, fashion, quick, quickFashion) { .atMost($0) } }

  /// Both ends included.
  static func within(
    _ mnist: ClosedRange<Double>, fashion: ClosedRange<Double>? = nil, quick: ClosedRange<Double>? = nil,
    quickFashion: ClosedRange<Double>? = nil
  ) -> Bound { Bound(mnist, fashion, quick, quickFashion) { .within($0) } }

  /// - Parameter tolerance: Largest absolute difference.
  static func equal(
    _ mnist: Double, fashion: Double? = nil, quick: Double? = nil, quickFashion: Double? = nil, tolerance: Double = 0
  ) -> Bound { Bound(mnist, fashion, quick, quickFashion) { .equal($0, tolerance: tolerance) } }

  /// Of a figure that is 1 for true and 0 for false.
  static let isTrue = Bound(true, nil, nil, nil) { _ in .isTrue }
}
