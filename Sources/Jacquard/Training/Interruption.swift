import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Whether the user asked to stop, by Ctrl-C. The signal is noted instead of ending the process, so that a training can end between
/// two steps and leave a checkpoint; the second one ends the process as usual.
///
/// ```swift
/// let interruption = Interruption()
/// defer { interruption.end() }
/// options.interrupted = { interruption.isRequested }
/// ```
public struct Interruption: Sendable {
  /// One bit a signal.
  private static let noted = Atomic<UInt64>(0)
  private let number: Int32

  private var bit: UInt64 { 1 << UInt64(number) }

  /// Begins to catch a signal, which counts as not yet sent.
  public init(of number: Int32 = SIGINT) {
    self.number = number
    Interruption.noted.bitwiseAnd(~bit, ordering: .relaxed)
    signal(number) { number in
      Interruption.noted.bitwiseOr(1 << UInt64(number), ordering: .relaxed)
      signal(number, SIG_DFL)
    }
  }

  /// Whether the signal came since the beginning.
  public var isRequested: Bool { Interruption.noted.load(ordering: .relaxed) & bit != 0 }

  /// From now on the signal does what it does by default.
  public func end() { signal(number, SIG_DFL) }
}
