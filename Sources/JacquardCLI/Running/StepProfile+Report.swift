import JacquardCore
import JacquardFiles
import JacquardRuntime

extension StepProfile {
  /// What `bench --profile` prints: each kernel by thread, in the order of the plan.
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

  /// The list under the key `profile` of every file that holds measured times.
  var json: JSONValue { json(limits: nil) }

  /// - Parameter limits: what speeds are held against; nil where they were not measured.
  func json(limits: MachineLimits?) -> JSONValue { JSONValue(kernels.map { json($0, limits) }) }

  private func json(_ kernel: Kernel, _ limits: MachineLimits?) -> JSONValue {
    let threads = kernel.threads.map {
      JSONValue(fields: [
        ("ns", JSONValue($0.time)), ("tiles", JSONValue($0.tiles)), ("waiting_ns", JSONValue($0.waiting)),
      ])
    }
    var fields: [(String, JSONValue)] = [
      ("name", JSONValue(kernel.name)), ("expected_ns", JSONValue(kernel.expected)), ("ns", JSONValue(kernel.time)),
      ("threads", JSONValue(threads)), ("nodes", JSONValue(kernel.nodes)), ("share", Statistics.json(share(kernel))),
    ]
    if let operations = kernel.work.operations {
      fields += [("flops", JSONValue(operations)), ("gflops", Statistics.json(kernel.speed(operations)))]
    }
    fields += [("bytes", JSONValue(kernel.bytes)), ("gb_per_s", Statistics.json(kernel.speed(kernel.bytes)))]
    if let limits { fields.append(("of_limit", Statistics.json(kernel.part(of: limits)))) }
    return JSONValue(fields: fields)
  }

  /// What `profile` prints: the kernels by their share of the time.
  func text(limits: MachineLimits) -> String {
    let columns: [TextTable.Alignment] = [.right, .left] + Array(repeating: .right, count: 6) + [.left]
    var table = TextTable(columns)
    table.add("#", "kernel", "ms", "share", "GFLOP/s", "GB/s", "of limit", "waiting", "nodes")
    let order = kernels.indices.sorted { (kernels[$1].busy, $0) < (kernels[$0].busy, $1) }
    for index in order {
      let kernel = kernels[index]
      let speed = kernel.work.operations.map { NumberText.fixed(kernel.speed($0), 1) } ?? ""
      table.add(
        "\(index)", kernel.name, StepProfile.milliseconds(kernel.time), StepProfile.percent(share(kernel)), speed,
        NumberText.fixed(kernel.speed(kernel.bytes), 1), StepProfile.percent(kernel.part(of: limits)),
        StepProfile.percent(waitingShare(kernel)), kernel.nodes)
    }
    table.add("", "waiting", "", StepProfile.percent(waitingShare), "", "", "", "", "")
    let sums = kernels.reduce((operations: 0.0, bytes: 0.0)) {
      ($0.operations + ($1.work.operations ?? 0), $0.bytes + $1.bytes)
    }
    let time = Double(max(total, 1))
    table.add(
      "", "step", StepProfile.milliseconds(total), "100.0 %", NumberText.fixed(sums.operations / time, 1),
      NumberText.fixed(sums.bytes / time, 1),
      StepProfile.percent(limits.nanoseconds(operations: sums.operations, bytes: sums.bytes) / time), "", "")
    return table.lines().joined(separator: "\n")
  }

  private static func milliseconds(_ nanoseconds: Int) -> String { NumberText.fixed(Double(nanoseconds) / 1e6, 4) }
  private static func percent(_ part: Double) -> String { "\(NumberText.fixed(100 * part, 1)) %" }
}

extension StepProfile.Kernel {
  /// Bytes that it reads and writes, each array once.
  var bytes: Double { work.bytesRead + work.bytesWritten }

  /// Some amount a nanosecond of its time.
  func speed(_ amount: Double) -> Double { time > 0 ? amount / Double(time) : 0 }

  /// The time that the machine's limits allow at best, over the time that it takes: over 1 where data lies in a faster cache than the
  /// limit was measured with.
  func part(of limits: MachineLimits) -> Double {
    time > 0 ? limits.nanoseconds(operations: work.operations ?? 0, bytes: bytes) / Double(time) : 0
  }
}
