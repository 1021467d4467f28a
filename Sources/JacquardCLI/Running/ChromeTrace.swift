import JacquardCore
import JacquardFiles
import JacquardPlanner
import JacquardRuntime

/// Recorded steps in Chrome's trace event format, which Perfetto and chrome://tracing open: one row a thread.
struct ChromeTrace {
  let graph: String
  let executor: String
  let recording: StepRecording
  /// The plan and its nested programs, by their numbers.
  let programs: [Plan]
  /// Beside the events: what else the file says, for `inspect --profile`.
  let further: [(name: String, value: JSONValue)]

  /// The number of the process; threads have theirs.
  private static let process = 1
  /// The row of whole steps.
  private var stepsRow: Int { recording.threads }

  /// Writes the file, one event a line. - Throws: `Diagnostic` if it cannot be written.
  func write(to path: String) throws {
    try AtomicFile.write(to: path) { (writer) throws(Diagnostic) in
      try writer.write("{\"traceEvents\": [\n")
      var isFirst = true
      func put(_ event: JSONValue) throws(Diagnostic) {
        try writer.write((isFirst ? "" : ",\n") + event.text())
        isFirst = false
      }
      for event in names { try put(event) }
      for (number, step) in recording.steps.enumerated() {
        try put(whole(step, number))
        for recorded in step.events { try put(event(recorded, step)) }
      }
      try writer.write("\n],\n\"displayTimeUnit\": \"ns\"")
      for (name, value) in further { try writer.write(",\n\(JSONValue(name).text()): \(value.text())") }
      try writer.write("\n}\n")
    }
  }

  // MARK: Events

  private var names: [JSONValue] {
    func name(_ kind: String, _ thread: Int, _ text: String) -> JSONValue {
      [
        "name": JSONValue(kind), "ph": "M", "pid": JSONValue(Self.process), "tid": JSONValue(thread),
        "args": ["name": JSONValue(text)],
      ]
    }
    let rows = (0..<recording.threads).map { name("thread_name", $0, "thread \($0)") }
    return [name("process_name", 0, "jacquard \(graph) (\(executor))")] + rows
      + [name("thread_name", stepsRow, "steps")]
  }

  private func whole(_ step: StepRecording.Step, _ number: Int) -> JSONValue {
    span("step \(number)", "step", stepsRow, step.start, step.time, [:])
  }

  private func event(_ event: StepEvents.Event, _ step: StepRecording.Step) -> JSONValue {
    let kernel = event.kernel.flatMap { kernelName(event.program, $0) }
    var arguments: [(name: String, value: JSONValue)] = []
    let (name, category): (String, String)
    switch event.kind {
    case .kernel:
      (name, category) = (kernel ?? "kernel", "kernel")
      arguments = [("kernel", JSONValue(event.kernel ?? 0)), ("tiles", JSONValue(event.tiles))]
      if event.program > 0 { arguments.append(("program", JSONValue(event.program))) }
    case .barrier:
      (name, category) = ("barrier", "waiting")
      if let kernel { arguments = [("before", JSONValue(kernel))] }
    case .begin: (name, category) = ("begin", "waiting")
    case .end: (name, category) = ("end", "waiting")
    }
    return span(name, category, event.thread, step.start + event.start, event.time, JSONValue(fields: arguments))
  }

  private func kernelName(_ program: Int, _ kernel: Int) -> String? {
    guard programs.indices.contains(program) else { return nil }
    let kernels = programs[program].program.kernels
    return kernels.indices.contains(kernel) ? kernels[kernel].name : nil
  }

  /// Nanoseconds become microseconds with three digits, which are exact.
  private func span(
    _ name: String, _ category: String, _ thread: Int, _ start: Int, _ time: Int, _ arguments: JSONValue
  ) -> JSONValue {
    [
      "name": JSONValue(name), "cat": JSONValue(category), "ph": "X", "ts": JSONValue(Double(start) / 1000),
      "dur": JSONValue(Double(time) / 1000), "pid": JSONValue(Self.process), "tid": JSONValue(thread),
      "args": arguments,
    ]
  }
}
