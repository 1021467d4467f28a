import Foundation

/// Programs that run side by side, no more at once than there are cores.
struct ProcessPool {
  /// Commands that follow one another; each is a path and its arguments.
  typealias Job = [[String]]

  private final class Running {
    var rest: ArraySlice<[String]>
    var child: ChildProcess
    let deadline: Double

    init(_ job: Job, _ environment: [String], deadline: Double) throws(CompilerFailure) {
      child = try ChildProcess(job[0], environment: environment)
      rest = job[1...]
      self.deadline = deadline
    }
  }

  private let environment: [String]
  private let timeLimit: Double
  private let width = max(1, ProcessInfo.processInfo.activeProcessorCount)

  /// - Parameter timeLimit: Most seconds a job may take.
  init(environment: [String], timeLimit: Double) {
    self.environment = environment
    self.timeLimit = timeLimit
  }

  /// Runs all jobs to their end. - Throws: `CompilerFailure` of the first that fails; the others are stopped.
  func run(_ jobs: [Job]) throws(CompilerFailure) {
    var waiting = jobs[...]
    var running: [Running] = []
    while !waiting.isEmpty || !running.isEmpty {
      while running.count < width, let job = waiting.popFirst() {
        running.append(try Running(job, environment, deadline: monotonicSeconds() + timeLimit))
      }
      ChildProcess.wait(for: running.map(\.child), milliseconds: 20)
      var going: [Running] = []
      for job in running where try !advance(job) { going.append(job) }
      running = going
    }
  }

  /// - Returns: whether the job is done.
  private func advance(_ job: Running) throws(CompilerFailure) -> Bool {
    job.child.drain()
    guard let ending = job.child.ending() else {
      if monotonicSeconds() > job.deadline { throw job.child.failure(.timeLimit(timeLimit)) }
      return false
    }
    try ending.get()
    guard let next = job.rest.popFirst() else { return true }
    job.child = try ChildProcess(next, environment: environment)
    return false
  }
}

/// Seconds on a clock that is never set back.
func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
