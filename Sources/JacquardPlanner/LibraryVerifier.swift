import JacquardCore
import JacquardKernels

/// Checks a library call: numbers and types of its buffers, and their sizes against its parameters.
struct LibraryVerifier {
  let plan: Plan
  let call: LibraryCall

  func verify() throws {
    let function = call.function
    if function.isOfMatrices { return try verifyMatrices() }
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

  private func verifyMatrices() throws {
    let (function, bad) = (call.function, Diagnostic("impossible matrices"))
    guard let matrices = LibraryCall.Matrices(call.parameters), call.operands.count == function.operandCount else {
      throw Diagnostic("\(function.rawValue) has the wrong number of buffers or parameters")
    }
    let largest = function == .triangularSolve ? Int.max : LibraryCall.Matrices.largest
    guard matrices.count > 0, (1...LibraryCall.Matrices.largest).contains(matrices.rows),
      (1...largest).contains(matrices.columns), !function.isOfSquares || matrices.rows == matrices.columns,
      function == .triangularSolve || call.parameters[3] == 0
    else { throw bad }
    let dtype = plan.program[call.operands[0]].dtype
    guard function.takes(dtype) else { throw Diagnostic("\(function.rawValue) of \(dtype) is not defined") }
    let parts = function.parts(matrices)
    guard call.results.count == parts.results.count, Set(call.results).count == call.results.count else {
      throw Diagnostic("\(function.rawValue) has the wrong number of buffers or writes one twice")
    }
    for (id, part) in zip(call.operands + call.results, parts.operands + parts.results) {
      let buffer = plan.program[id]
      guard buffer.dtype == (part.isPositions ? .i64 : dtype), buffer.layout == .rowMajor(buffer.extents),
        buffer.count == (try PlanVerifier.points([matrices.count, part.rows, part.columns], bad))
      else { throw Diagnostic("'\(buffer.name)' does not fit \(function.rawValue)") }
    }
  }

  /// Rough nanoseconds on one thread.
  static func nanoseconds(_ call: LibraryCall) -> Double {
    if call.function.isOfMatrices {
      let (counts, sides) = (call.parameters.prefix(3).map { Double($0) }, call.parameters.prefix(3).dropFirst())
      let operations = counts.reduce(1, *) * Double(sides.min() ?? 1)
      return 200 + operations * (call.function == .eigh || call.function == .svd ? 8 : 1)
    }
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
