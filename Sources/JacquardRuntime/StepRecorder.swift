import CJacquard
import JacquardPlanner

/// What the threads of one step did, from event to event.
public struct StepEvents: Sendable {
  /// A span of one thread's time. Those of a nested program lie within the kernel that repeats it; the others fill the step.
  public struct Event: Sendable {
    /// What the thread did.
    public enum Kind: Sendable {
      /// Its share of a kernel.
      case kernel
      /// Waiting for the other threads, before a kernel or within one.
      case barrier
      /// From the start of the step to the thread's first kernel: its thread wakes, or the job before has to end.
      case begin
      /// From its last kernel until all threads are done.
      case end
    }

    /// What the thread did.
    public var kind: Kind
    /// The number of the thread in the team, from 0.
    public var thread: Int
    /// The position in `PlanRunner.programs`: 0 is the plan itself.
    public var program: Int
    /// Of a barrier the kernel after it; nil between the trips of a nested program.
    public var kernel: Int?
    /// The plan's kernel that it belongs to.
    public var outermost: Int
    /// Nanoseconds from the start of the step.
    public var start: Int
    /// Nanoseconds from the start of the step.
    public var end: Int
    /// Tiles that this thread did in a kernel.
    public var tiles: Int

    /// Nanoseconds.
    public var time: Int { end - start }
    /// Whether it did nothing for the step.
    public var isWaiting: Bool { kind != .kernel }
  }

  /// By thread, then by when they ended.
  public var events: [Event] = []
  /// Events of nested programs for which there was no place.
  public var lost = 0

  /// No events.
  public init() {}
}

/// Where threads write what they do in a step: made once, so that a step allocates nothing.
final class StepRecorder {
  /// One a thread.
  let recorders: UnsafeMutablePointer<jq_recorder>
  private let memory: UnsafeMutablePointer<jq_event>
  private let threads: Int

  /// Places of a thread for events of nested programs.
  private static let nested = 1 << 15

  init(_ plan: Plan, threads: Int) {
    self.threads = threads
    // Two a kernel, and one at either end of a step.
    let capacity = 2 * plan.program.kernels.count + 2 + (plan.programs.isEmpty ? 0 : StepRecorder.nested)
    recorders = .allocate(capacity: threads)
    memory = .allocate(capacity: capacity * threads)
    // Written once, so that no step waits for its pages.
    memory.initialize(repeating: jq_event(), count: capacity * threads)
    for thread in 0..<threads {
      var recorder = jq_recorder()
      recorder.events = memory + thread * capacity
      recorder.capacity = Int64(capacity)
      (recorders + thread).initialize(to: recorder)
    }
  }

  deinit {
    recorders.deallocate()
    memory.deallocate()
  }

  /// What the first threads recorded in the last step.
  func events(threads used: Int) -> StepEvents {
    var result = StepEvents()
    for thread in 0..<min(used, threads) {
      let recorder = recorders[thread]
      result.lost += Int(recorder.lost)
      for event in UnsafeBufferPointer(start: recorder.events, count: Int(recorder.count)) {
        result.events.append(StepEvents.Event(event, thread: thread))
      }
    }
    return result
  }
}

extension StepEvents.Event {
  fileprivate init(_ event: jq_event, thread: Int) {
    kind =
      switch jq_event_kind(UInt32(event.kind)) {
      case JQ_EVENT_BARRIER: .barrier
      case JQ_EVENT_BEGIN: .begin
      case JQ_EVENT_END: .end
      default: .kernel
      }
    self.thread = thread
    program = Int(event.program)
    kernel = event.kernel < 0 ? nil : Int(event.kernel)
    outermost = Int(event.outermost)
    (start, end, tiles) = (Int(event.start), Int(event.end), Int(event.tiles))
  }
}
