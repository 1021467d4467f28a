import Foundation
import JacquardCore
import Synchronization

/// When a plan's emitted functions take over from the tile machine, which gives the same bytes.
final class NativeTier: Sendable {
  private enum State {
    case waiting
    case compiling
    case ready(NativeLibrary)
    case settled
  }

  private let units: [String]
  private let state = Mutex(State.waiting)
  /// Nanoseconds that steps took before.
  private let spent = Atomic(0)
  /// A step's work that is worth a compiler's: about as long as that takes.
  private static let worthwhile = 500_000_000

  init(_ units: [String]) { self.units = units }

  /// Compiles now. - Throws: `Diagnostic` if there is no compiler, or it fails.
  func library() throws(Diagnostic) -> NativeLibrary { try NativeLibrary.load(units: units) }

  /// Counts a step. Once they were long enough, compiling begins beside them.
  func add(nanoseconds: Int) {
    guard spent.wrappingAdd(nanoseconds, ordering: .relaxed).newValue > Self.worthwhile else { return }
    let begins = state.withLock { state in
      guard case .waiting = state else { return false }
      state = .compiling
      return true
    }
    if begins { Thread.detachNewThread { [self] in compile() } }
  }

  /// Without a compiler the tile machine stays: nothing is lost but time.
  private func compile() {
    let library = try? library()
    state.withLock { $0 = library.map { .ready($0) } ?? .settled }
  }

  /// The library as soon as it is there; given once.
  func take() -> NativeLibrary? {
    state.withLock { state in
      guard case .ready(let library) = state else { return nil }
      state = .settled
      return library
    }
  }
}
