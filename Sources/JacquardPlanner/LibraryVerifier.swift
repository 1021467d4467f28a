import JacquardCore
import JacquardKernels

/// Checks a library call: numbers and types of its buffers, and their sizes against its parameters.
struct LibraryVerifier {
  let plan: Plan
  let call: LibraryCall

  func verify() throws {
    let function = call.function
    guard call.operands.count == function.operandCount, call.results.count == (function.hasPositions ? 2 : 1),
      let rows = LibraryCall.Rows(call.parameters)
    else { throw Diagnostic("\(function.rawValue) has the wrong number of buffers or parameters") }
    let bad = Diagnostic("impossible rows")
    let extents = [rows.before, rows.length, rows.after]
    guard !extents.contains(where: { $0 < 1 }) else { throw bad }
    let count = try PlanVerifier.points(extents, bad)
    let dtype = plan.program[call.operands[0]].dtype
    guard function.takes(dtype) else { throw Diagnostic("\(function.rawValue) of \(dtype) is not defined") }
    for (index, id) in (call.operands + call.results).enumerated() {
      let isPositions = function.hasPositions && index == call.operands.count + 1
      let buffer = plan.program[id]
      guard buffer.dtype == (isPositions ? .i64 : dtype), buffer.count == count,
        buffer.layout == .rowMajor(buffer.extents)
      else { throw Diagnostic("'\(buffer.name)' does not fit \(function.rawValue)") }
    }
    guard Set(call.results).count == call.results.count else { throw Diagnostic("a buffer is written twice") }
  }

  /// Rough nanoseconds on one thread.
  static func nanoseconds(_ call: LibraryCall) -> Double {
    let counts = call.parameters.prefix(3).map { Double($0) }
    let points = counts.reduce(1, *)
    guard call.function == .sort, counts.count == 3, counts[1] > 1 else { return 100 + 2 * points }
    return 100 + points * (4 + 3 * counts[1].log2)
  }
}

extension Double {
  /// The logarithm for estimates, within one.
  fileprivate var log2: Double { Double(exponent) }
}
