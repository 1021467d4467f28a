import Foundation
import JacquardCore
import JacquardIR
import JacquardRuntime

/// Prepares the next batch on a thread of its own while a step runs on the one before.
final class BatchLoader: @unchecked Sendable {
  /// A prepared batch. Its memory is used again after the batch after the next was asked for.
  struct Prepared {
    let inputs: [String: TensorStorage]
    let rows: ArraySlice<Int32>
  }

  private let feed: Feed
  private let batches: Batches
  private let last: Int
  private let condition = NSCondition()
  /// Batches that are ready, oldest first.
  private var ready: [Prepared] = []
  /// Memory not in use, by number of examples.
  private var free: [Int: [[String: TensorStorage]]] = [:]
  private var inUse: Prepared?
  private var failure: (any Error)?
  private var isStopped = false
  private var handedOut: Int

  /// - Parameter first: The batch to begin with: where an interrupted epoch goes on.
  init(_ feed: Feed, _ batches: Batches, from first: Int = 0) {
    self.feed = feed
    self.batches = batches
    last = batches.count
    handedOut = first
    let thread = Thread { [weak self] in self?.work(from: first) }
    thread.name = "jacquard-batches"
    thread.stackSize = 1 << 19
    if first < last { thread.start() }
  }

  /// The next batch, or nil at the end of the epoch.
  func next() throws -> Prepared? {
    condition.lock()
    defer { condition.unlock() }
    recycle()
    if handedOut >= last { return nil }
    while ready.isEmpty && failure == nil { condition.wait() }
    if let failure { throw failure }
    handedOut += 1
    inUse = ready.removeFirst()
    condition.broadcast()
    return inUse
  }

  private func recycle() {
    if let old = inUse { free[old.rows.count, default: []].append(old.inputs) }
    inUse = nil
  }

  /// Ends the thread.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
    }
  }

  private func work(from first: Int) {
    for index in first..<last {
      guard wait() else { return }
      do {
        let prepared = try prepare(index)
        condition.withLock {
          ready.append(prepared)
          condition.broadcast()
        }
      } catch {
        return condition.withLock {
          failure = error
          condition.broadcast()
        }
      }
    }
  }

  /// Waits until fewer than two batches lie ready. False if nobody wants more.
  private func wait() -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while ready.count >= 2 && !isStopped { condition.wait() }
    return !isStopped
  }

  private func prepare(_ index: Int) throws -> Prepared {
    let rows = batches.rows(index)
    let old = condition.withLock { free[rows.count]?.popLast() }
    let inputs = try old ?? feed.storages(rows.count)
    rows.withUnsafeBufferPointer { feed.fill(inputs, rows: $0) }
    return Prepared(inputs: inputs, rows: rows)
  }
}
