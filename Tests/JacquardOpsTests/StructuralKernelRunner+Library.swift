import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps

/// Library calls, the slow and obvious way.
extension StructuralKernelRunner {
  mutating func run(_ call: LibraryCall) throws {
    if call.function.isOfMatrices { return try runMatrices(call) }
    guard let rows = LibraryCall.Rows(call.parameters) else { throw Diagnostic("no rows") }
    for before in 0..<rows.before {
      for after in 0..<rows.after {
        let places = (0..<rows.length).map { (before * rows.length + $0) * rows.after + after }
        let operands = call.operands.map { id in places.map { memory[id.index][linear: $0] } }
        let dtype = memory[call.operands[0].index].dtype
        for (result, values) in zip(call.results, Self.values(call.function, operands, rows, dtype)) {
          for (place, value) in zip(places, values) {
            memory[result.index][linear: place] = value
            written[result.index].insert(place)
          }
        }
      }
    }
  }

  /// By the operation whose function it is, which golden values check.
  private mutating func runMatrices(_ call: LibraryCall) throws {
    guard let matrices = LibraryCall.Matrices(call.parameters) else { throw Diagnostic("no matrices") }
    let operations: [LibraryCall.Function: any Operation] = [
      .cholesky: Cholesky(), .lu: LU(), .qr: QR(), .eigh: Eigh(), .svd: SVD(),
      .triangularSolve: TriangularSolve(
        lower: matrices.isLower, transposed: matrices.isTransposed, unitDiagonal: matrices.hasUnitDiagonal),
    ]
    guard let operation = operations[call.function] else { throw Diagnostic("no operation") }
    let operands = try zip(call.operands, call.function.parts(matrices).operands).map { id, part in
      try memory[id.index].reshaped([matrices.count, part.rows, part.columns])
    }
    let types = try operation.inferTypes(TypeContext(operands.map(\.type)))
    let results = try operation.reference(ReferenceContext(operands, outputs: types))
    for (id, result) in zip(call.results, results) {
      memory[id.index] = try result.reshaped(memory[id.index].sizes)
      written[id.index].formUnion(0..<result.count)
    }
  }

  private static func values(
    _ function: LibraryCall.Function, _ x: [[Scalar]], _ rows: LibraryCall.Rows, _ dtype: DType
  ) -> [[Scalar]] {
    let steps = rows.isReversed ? Array((0..<rows.length).reversed()) : Array(0..<rows.length)
    switch function {
    case .sort:
      let order = sorted(x[0], descending: rows.isReversed)
      return [order.map { x[0][$0] }, order.map { .int(Int64($0)) }]
    case .cumulativeMaximum, .cumulativeMinimum:
      return extremes(x[0], steps, largest: function == .cumulativeMaximum)
    default: return [totals(function, x, steps, isExclusive: rows.isExclusive, isFloat: dtype.isFloat)]
    }
  }

  /// By insertion, each element after those that it is not less than.
  private static func sorted(_ x: [Scalar], descending: Bool) -> [Int] {
    func precedes(_ a: Int, _ b: Int) -> Bool {
      let (a, b) = descending ? (x[b].asDouble, x[a].asDouble) : (x[a].asDouble, x[b].asDouble)
      return a < b || (b.isNaN && !a.isNaN)
    }
    var order: [Int] = []
    for index in x.indices {
      order.insert(index, at: order.firstIndex { precedes(index, $0) } ?? order.endIndex)
    }
    return order
  }

  private static func extremes(_ x: [Scalar], _ steps: [Int], largest: Bool) -> [[Scalar]] {
    var positions = [Int](repeating: 0, count: x.count)
    for (count, step) in steps.enumerated() {
      let seen = steps[...count]
      let wanted = seen.map { x[$0].asDouble }.reduce(largest ? -Double.infinity : .infinity) { best, value in
        best.isNaN || value.isNaN ? .nan : largest ? max(best, value) : min(best, value)
      }
      positions[step] = seen.first { x[$0].asDouble == wanted || (wanted.isNaN && x[$0].asDouble.isNaN) } ?? 0
    }
    return [positions.map { x[$0] }, positions.map { .int(Int64($0)) }]
  }

  private static func totals(
    _ function: LibraryCall.Function, _ x: [[Scalar]], _ steps: [Int], isExclusive: Bool, isFloat: Bool
  ) -> [Scalar] {
    var result = x[0]
    var state = Scalar.float(0)
    func combined(_ a: Scalar, _ b: Scalar, isProduct: Bool) -> Scalar {
      if isFloat { return .float(isProduct ? a.asDouble * b.asDouble : a.asDouble + b.asDouble) }
      return .int(isProduct ? a.asInt &* b.asInt : a.asInt &+ b.asInt)
    }
    for (count, step) in steps.enumerated() {
      if count == 0 { state = function == .cumulativeProduct ? .int(1) : .int(0) }
      let before = state
      switch function {
      case .linearRecurrence:
        let kept = count == 0 ? Scalar.int(0) : combined(x[0][step], state, isProduct: true)
        state = combined(kept, x[1][step], isProduct: false)
      default: state = combined(state, x[0][step], isProduct: function == .cumulativeProduct)
      }
      result[step] = isExclusive ? before : state
    }
    return result
  }
}
