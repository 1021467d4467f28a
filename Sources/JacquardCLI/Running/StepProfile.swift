import JacquardCore
import JacquardFiles
import JacquardPlanner
import JacquardRuntime

/// Where the time of a step goes: each kernel's, by thread, the median over some steps.
struct StepProfile {
  struct Kernel {
    let name: String
    /// What the cost model expects on one thread, nanoseconds.
    let expected: Int
    /// Nanoseconds and tiles by thread.
    let threads: [(time: Int, tiles: Int)]
    /// From the first thread's start to the last one's end, nanoseconds; waiting at the barrier before it is not part.
    let time: Int
  }

  let kernels: [Kernel]
  /// From the first kernel's start to the last one's end, nanoseconds.
  let total: Int

  /// - Throws: what a step throws.
  init(_ runner: PlanRunner, steps: Int) throws {
    runner.isProfiling = true
    defer { runner.isProfiling = false }
    var spans: [[PlanRunner.Span]] = []
    for _ in 0..<steps {
      try runner.run()
      spans.append(runner.profile)
    }
    let plan = runner.plan
    let count = plan.program.kernels.count
    total = StepProfile.median(spans.map { StepProfile.extent($0) })
    kernels = plan.program.kernels.indices.map { index in
      let own = spans.map { step in step.filter { $0.kernel == index } }
      let threads = (0..<runner.threadsUsed).map { thread in
        let times = spans.map { $0[thread * count + index] }
        return (StepProfile.median(times.map { $0.end - $0.start }), StepProfile.median(times.map(\.tiles)))
      }
      return Kernel(
        name: plan.program.kernels[index].name, expected: plan.costs[index], threads: threads,
        time: StepProfile.median(own.map { StepProfile.extent($0) }))
    }
  }

  private static func extent(_ spans: [PlanRunner.Span]) -> Int {
    (spans.map(\.end).max() ?? 0) - (spans.map(\.start).min() ?? 0)
  }

  private static func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }

  var text: String {
    let threadCount = kernels.first?.threads.count ?? 0
    var table = TextTable([.right, .left, .right, .right] + Array(repeating: .right, count: threadCount))
    table.add(["#", "kernel", "expected", "time"] + (0..<threadCount).map { "thread \($0) (tiles)" })
    for (index, kernel) in kernels.enumerated() {
      let threads = kernel.threads.map { "\(NumberText.nanoseconds($0.time)) (\($0.tiles))" }
      let times = [NumberText.nanoseconds(kernel.expected), NumberText.nanoseconds(kernel.time)]
      table.add(["\(index)", kernel.name] + times + threads)
    }
    table.add(["", "step", "", NumberText.nanoseconds(total)] + Array(repeating: "", count: threadCount))
    return table.lines().joined(separator: "\n")
  }

  var json: JSONValue {
    JSONValue(
      kernels.map { kernel in
        let threads = kernel.threads.map {
          JSONValue(fields: [("ns", JSONValue($0.time)), ("tiles", JSONValue($0.tiles))])
        }
        return JSONValue(fields: [
          ("name", JSONValue(kernel.name)), ("expected_ns", JSONValue(kernel.expected)), ("ns", JSONValue(kernel.time)),
          ("threads", JSONValue(threads)),
        ])
      })
  }
}
