import Foundation

/// The thread on which steps run that tasks wait for, one after the other. There is one for all sessions: steps are
/// parallel in themselves.
///
/// It is no dispatch queue, since those run on whichever of several threads is at hand: a process would have more of them,
/// and handing a step over would take twice as long.
final class StepThread: @unchecked Sendable {
  static let shared = StepThread()

  private let condition = NSCondition()
  private var waiting: [@Sendable () -> Void] = []
  private var isIdle = false

  private init() {
    let thread = Thread { [unowned self] in while true { for step in next() { step() } } }
    thread.name = "jacquard-steps"
    thread.start()
  }

  /// Runs a blocking step here while the calling task is suspended.
  func run<R: Sendable>(_ step: @escaping @Sendable () throws -> R) async throws -> R {
    try Task.checkCancellation()
    return try await withCheckedThrowingContinuation { continuation in
      add { continuation.resume(with: Result { try step() }) }
    }
  }

  private func add(_ step: @escaping @Sendable () -> Void) {
    condition.withLock {
      waiting.append(step)
      if isIdle { condition.signal() }
    }
  }

  /// All that wait, as soon as there are some.
  private func next() -> [@Sendable () -> Void] {
    condition.withLock {
      isIdle = true
      while waiting.isEmpty { condition.wait() }
      isIdle = false
      defer { waiting = [] }
      return waiting
    }
  }
}
