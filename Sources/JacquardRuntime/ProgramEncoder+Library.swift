import CJacquard
import JacquardCore
import JacquardKernels

extension LibraryCall.Function {
  /// The runtime's number of the function.
  var code: jq_library_code {
    switch self {
    case .sort: JQ_SORT
    case .cumulativeSum: JQ_CUMULATIVE_SUM
    case .cumulativeProduct: JQ_CUMULATIVE_PRODUCT
    case .cumulativeMaximum: JQ_CUMULATIVE_MAXIMUM
    case .cumulativeMinimum: JQ_CUMULATIVE_MINIMUM
    case .linearRecurrence: JQ_LINEAR_RECURRENCE
    case .cholesky: JQ_CHOLESKY
    case .triangularSolve: JQ_TRIANGULAR_SOLVE
    case .lu: JQ_LU
    case .qr: JQ_QR
    case .eigh: JQ_EIGH
    case .svd: JQ_SVD
    }
  }
}

extension LibraryCall.Failure {
  /// The runtime's number of it.
  var code: jq_reason {
    switch self {
    case .notPositiveDefinite: JQ_NOT_POSITIVE_DEFINITE
    case .singular: JQ_SINGULAR
    case .notConverged: JQ_NOT_CONVERGED
    }
  }
}

extension jq_failure {
  var message: String {
    for failure in LibraryCall.Failure.allCases where failure.code.rawValue == UInt32(reason) {
      return failure.message(Int(position))
    }
    return "index \(index) is out of range 0..<\(extent), at element \(position)"
  }
}

extension ProgramEncoder {
  /// - Parameter scratch: bytes of a thread's scratch; grows by what the function needs.
  func encode(_ call: LibraryCall, _ scratch: inout Int) throws -> jq_library_call {
    let dtype = plan.program[call.operands[0]].dtype
    guard let function = jq_library(call.function.code, dtype.code) else {
      throw Diagnostic("\(call.function.rawValue) is not defined for \(dtype)", kind: .internalError)
    }
    var result = jq_library_call()
    result.function = function
    result.operands = arrays.array(call.operands.map { Int32($0.index) })
    result.results = arrays.array(call.results.map { Int32($0.index) })
    result.parameters = arrays.array(call.parameters.map { Int64($0) })
    result.dtype = Int32(dtype.code.rawValue)
    result.items = jq_library_items(call.function.code, result.parameters)
    result.node = Int32(clamping: call.node?.index ?? -1)
    result.reason = Int32(call.function.failure?.code.rawValue ?? 0)
    scratch += (Int(jq_library_scratch(call.function.code, result.parameters)) + 63) & ~63
    return result
  }
}
