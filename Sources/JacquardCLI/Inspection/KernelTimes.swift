import JacquardCore
import JacquardFiles
import JacquardPlanner

/// Measured times of kernels, as `bench --profile --json` writes them.
enum KernelTimes {
  private static let longestFile = 1 << 26

  /// - Returns: Nanoseconds of each kernel of a plan.
  /// - Throws: `Diagnostic` that names the file and the place, if it is no profile, or that of another plan.
  static func read(_ path: String, for plan: Plan) throws -> [Int] {
    let report = try JSONValue.parse(FileBytes.read(path, limit: longestFile), file: path).object()
    let entries = try report.required("profile").array().map { try $0.object() }
    let kernels = plan.program.kernels
    guard entries.count == kernels.count else {
      throw Diagnostic(
        "was measured with another plan: it has \(entries.count) kernels, this one \(kernels.count)", place: path)
    }
    return try zip(entries, kernels).map { entry, kernel in
      let name = try entry.required("name")
      if try name.string() != kernel.name {
        throw name.fail("was measured with another plan: '\(kernel.name)' is here")
      }
      return try entry.required("ns").int(in: 0...Int.max)
    }
  }
}
