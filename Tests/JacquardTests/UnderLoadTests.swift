import Foundation
import Jacquard
import Synchronization
import XCTest

/// How steps fare beside other work. These are XCTests because `swift test` runs those first and one at a time: nothing
/// else of the suite runs beside them, so that they may look at times, threads and processor time of the process.
///
/// Other processes may still hold the cores, so a measurement out of bounds is made anew, and the best one counts.
final class UnderLoadTests: XCTestCase {
  private func best(atMost bound: Double, _ measure: () throws -> Double) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<3 where best > bound { best = min(best, try measure()) }
    return best
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return start.duration(to: .now) / .seconds(1)
  }

  // MARK: Beside busy loops

  /// A thread that is kept from its core keeps the others waiting; they must not hold it up further by spinning.
  func testBusyLoopsSlowStepsDownFourfoldAtMost() throws {
    let graph = try ModelZoo.graph("mlp.train")
    let session = try Session(graph, ParameterStore(), options: .init(executor: .vm, threads: 2))
    let inputs = ["x": try Draw.images(0, .f32, [128, 784]), "y": try Draw.labels(0, 128)]
    func median() throws -> Double {
      let times = try (0..<500).map { _ in try UnderLoadTests.seconds { _ = try session.step(inputs) } }
      return times.sorted()[250]
    }
    _ = try median()
    let slowdown = try best(atMost: 4) {
      let idle = try median()
      let busy = try BusyLoops.beside(2) { try (0..<5).map { _ in try median() } }
      return busy.reduce(0, max) / idle
    }
    XCTAssertLessThanOrEqual(slowdown, 4)
  }

  // MARK: Many tasks

  /// Predictions of a model of 28 x 28 images, by tasks that each wait for one after the other.
  private struct Predictions: Sendable {
    let predictor: Predictor
    let image: HostTensor
    let expected: HostTensor

    init() throws {
      predictor = try Predictor(try ModelZoo.graph("mlp"), ParameterStore())
      image = try Draw.images(0, .f32, [1, 784])
      expected = try predictor.predict(image)
      // A batch that takes two threads: the team counts, and must not keep a core busy afterwards.
      _ = try predictor.predict(try Draw.images(1, .f32, [256, 784]))
    }

    /// - Returns: The time taken, and the most threads that the process had.
    func run(tasks: Int, each count: Int) async throws -> (seconds: Double, threads: Int) {
      let start = ContinuousClock.now
      let threads = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<tasks { group.addTask { try await predict(count) } }
        return try await group.reduce(0, max)
      }
      return (start.duration(to: .now) / .seconds(1), threads)
    }

    private func predict(_ count: Int) async throws -> Int {
      var threads = 0
      for number in 0..<count {
        if try await predictor.predict(image) != expected { throw Diagnostic("another result than alone") }
        if number % 100 == 50 { threads = max(threads, OwnProcess.threadCount) }
      }
      return threads
    }
  }

  /// Sixty-four tasks are no slower than one that makes all the predictions, and take no more threads.
  func testTasksThatPredictShareFewThreads() throws {
    let predictions = try Predictions()
    let slowdown = try best(atMost: 1 / 0.9) {
      let alone = try Waiting.result { try await predictions.run(tasks: 1, each: 64_000) }
      let together = try Waiting.result { try await predictions.run(tasks: 64, each: 1_000) }
      // Swift's own pool has a thread a core.
      let cores = ProcessInfo.processInfo.activeProcessorCount
      XCTAssertLessThanOrEqual(together.threads, cores + cores + 4)
      return together.seconds / alone.seconds
    }
    XCTAssertLessThanOrEqual(slowdown, 1 / 0.9)
    Thread.sleep(forTimeInterval: 1)
    let before = OwnProcess.seconds
    Thread.sleep(forTimeInterval: 1)
    XCTAssertLessThan(OwnProcess.seconds - before, 0.01, "seconds of processor time in a second without work")
  }

  /// While steps of tens of milliseconds are waited for, other tasks go on.
  func testCooperativeThreadsAreNotHeld() throws {
    let predictor = try Predictor(
      try ModelZoo.graph("mlp"), ParameterStore(), options: .init(executor: .reference))
    let images = try Draw.images(0, .f32, [32, 784])
    let finished = try Waiting.result {
      let finished = Atomic(0)
      return try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<16 {
          group.addTask { @Sendable in
            _ = try await predictor.predict(images)
            finished.add(1, ordering: .relaxed)
          }
        }
        for _ in 0..<1_000 { await Task.yield() }
        let result = finished.load(ordering: .relaxed)
        try await group.waitForAll()
        return result
      }
    }
    XCTAssertLessThan(finished, 8, "predictions before other tasks had a turn")
  }
}

/// Threads of normal priority that do nothing but hold a core.
private final class BusyLoops: Sendable {
  private let isOver = Atomic(false)

  static func beside<R>(_ count: Int, _ body: () throws -> R) rethrows -> R {
    let loops = BusyLoops()
    for _ in 0..<count { Thread { while !loops.isOver.load(ordering: .relaxed) {} }.start() }
    defer { loops.isOver.store(true, ordering: .relaxed) }
    return try body()
  }
}

/// A result of tasks that a thread waits for. An asynchronous XCTest would begin further threads.
private final class Waiting<R: Sendable>: Sendable {
  private let result = Mutex<Result<R, any Error>?>(nil)
  private let isDone = DispatchSemaphore(value: 0)

  static func result(_ body: @escaping @Sendable () async throws -> R) throws -> R {
    let waiting = Waiting()
    Task {
      let result: Result<R, any Error>
      do { result = .success(try await body()) } catch { result = .failure(error) }
      waiting.result.withLock { $0 = result }
      waiting.isDone.signal()
    }
    waiting.isDone.wait()
    return try XCTUnwrap(waiting.result.withLock { $0 }).get()
  }
}

private enum OwnProcess {
  /// All threads but the idle ones of dispatch that XCTest's timeouts begin.
  static var threadCount: Int {
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return threads.filter { !isIdleTimer("/proc/self/task/\($0)/stat") }.count
  }

  /// Whether the thread is named as dispatch's timers are, and has never run for a hundredth of a second.
  private static func isIdleTimer(_ path: String) -> Bool {
    // `number (name) state ...`; user and system time are the twelfth and thirteenth field after the name.
    guard let text = try? String(contentsOfFile: path, encoding: .utf8), let end = text.lastIndex(of: ")") else {
      return false
    }
    let fields = text[end...].split(separator: " ").dropFirst()
    return text[..<end].hasSuffix("overcommit") && fields.dropFirst(11).prefix(2).allSatisfy { $0 == "0" }
  }

  /// Processor time of all threads.
  static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
