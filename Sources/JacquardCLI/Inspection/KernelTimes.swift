import JacquardCore
import JacquardFiles
import JacquardPlanner

/// Measured times of kernels, as `bench --trace`, `bench --profile --json` and `profile --json` write them.
struct KernelTimes {
  /// Of each kernel, from its first thread's start to its last one's end.
  let nanoseconds: [Int]
  /// Of each kernel by thread, where the file says so: how long a thread had it, and how much of that and before it waited.
  let threads: [[(time: Int, waiting: Int)]]
  /// What the machine can do, where the file says so.
  let limits: RooflineLimits?

  private static let longestFile = 1 << 26

  /// - Throws: `Diagnostic` that names the file and the place, if it is no profile, or that of another plan.
  init(_ path: String, for plan: Plan) throws {
    let report = try JSONValue.parse(FileBytes.read(path, limit: KernelTimes.longestFile), file: path).object()
    let entries = try report.required("profile").array().map { try $0.object() }
    let kernels = plan.program.kernels
    guard entries.count == kernels.count else {
      throw Diagnostic(
        "was measured with another plan: it has \(entries.count) kernels, this one \(kernels.count)", place: path)
    }
    nanoseconds = try zip(entries, kernels).map { entry, kernel in
      let name = try entry.required("name")
      if try name.string() != kernel.name {
        throw name.fail("was measured with another plan: '\(kernel.name)' is here")
      }
      return try entry.required("ns").int(in: 0...Int.max)
    }
    threads = try entries.map { entry in
      try (entry["threads"]?.array() ?? []).map { value in
        let thread = try value.object()
        let waiting = try thread["waiting_ns"]?.int(in: 0...Int.max) ?? 0
        return (try thread.required("ns").int(in: 0...Int.max), waiting)
      }
    }
    limits = try report["limits"].map { try KernelTimes.limits($0) }
  }

  private static func limits(_ value: JSONValue) throws -> RooflineLimits {
    let object = try value.object()
    let (speed, bandwidth) = (try object.required("gflops"), try object.required("gb_per_s"))
    for limit in [speed, bandwidth] where !(try limit.double() > 0 && limit.double() < 1e9) {
      throw limit.fail("a limit must be a number over 0 and under 1e9")
    }
    return RooflineLimits(gigaflops: try speed.double(), gigabytes: try bandwidth.double(), origin: .measured)
  }
}
