import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// Matrices without a result, batches that several threads share, and sizes at which the library works by blocks.
@Suite struct MatrixTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let build: @Sendable (GraphBuilder, ValueID) throws -> [ValueID]

    init(_ name: String, _ build: @escaping @Sendable (GraphBuilder, ValueID) throws -> [ValueID]) {
      testDescription = name
      self.build = build
    }
  }

  private static func compiled(_ type: TensorType, _ item: Case) throws -> (graph: Graph, plan: Plan) {
    let graph = try graph { b in
      for (k, value) in try item.build(b, b.input("a", type)).enumerated() { try b.output("y\(k)", value) }
    }
    return (graph, try Compiler.compile(graph).plan)
  }

  // MARK: No result

  static let failing = [
    Case("cholesky") { [try $0.cholesky($1)] },
    Case("triangularSolve") { [try $0.triangularSolve($1, $1)] },
    Case("solve") { [try $0.solve($1, $1)] },
    Case("inverse") { [try $0.inverse($1)] },
  ]

  /// Of two bad matrices the first one is named, with the node, whatever the number of threads; as by the reference.
  @Test(arguments: failing) func theFirstBadMatrixIsNamed(_ item: Case) throws {
    let type: TensorType = "f32[600,3,3]"
    var a = try HostTensor(zeros: .f32, [600, 3, 3])
    for index in 0..<a.count where index % 9 % 4 == 0 { a[linear: index] = .float(2) }
    for bad in [431, 594] { for k in 0..<9 { a[linear: bad * 9 + k] = .float(0) } }
    let (graph, plan) = try Self.compiled(type, item)
    for threads in 1...4 {
      let error = #expect(throws: Diagnostic.self) { try Harness.vm(plan, ["a": a], threads: threads) }
      #expect(error?.kind == .runtime && error?.message.contains("matrix 431 is ") == true, "\(error?.message ?? "")")
      #expect(error?.place?.isEmpty == false)
    }
    let error = #expect(throws: Diagnostic.self) { try Harness.reference(graph, ["a": a]) }
    #expect(error?.kind == .runtime && error?.message.contains("matrix 431 is ") == true)
  }

  @Test func anIndefiniteOrUndefinedMatrixHasNoFactor() throws {
    let (_, plan) = try Self.compiled("f64[1,2,2]", Self.failing[0])
    for elements in [[1, 2, 2, 1], [-1, 0, 0, 1], [1, .nan, 0, 1], [.infinity, 0, 0, 1], [0, 0, 0, 0]] as [[Double]] {
      let a = try HostTensor(elements, [1, 2, 2])
      #expect(throws: Diagnostic.self, "\(elements)") { try Harness.vm(plan, ["a": a]) }
    }
  }

  // MARK: Values

  static let defined = [
    Case("lu") { b, a in
      let lu = try b.lu(a)
      return [lu.factors, lu.order, lu.sign]
    },
    Case("qr") { b, a in
      let (q, r) = try b.qr(a)
      return [q, r]
    },
    Case("eigh") { b, a in
      let (w, v) = try b.eigh(a)
      return [w, v]
    },
    Case("svd") { b, a in
      let (u, s, vt) = try b.svd(a)
      return [u, s, vt]
    },
  ]

  static let positive = Case("cholesky") { b, a in
    let identity = try HostTensor([1, 0, 0, 0, 1, 0, 0, 0, 1] as [Double], [3, 3])
    let square = try b.matmul(a, b.transpose(a, [0, 2, 1]))
    return [try b.cholesky(b.add(square, b.cast(b.constant(identity), b.type(a).dtype)))]
  }

  /// Not finite: NaN, on every executor, and no loop without end.
  @Test(arguments: defined) func whatIsNotFiniteGivesNaN(_ item: Case) throws {
    let (graph, plan) = try Self.compiled("f64[3,2,2]", item)
    let a = try HostTensor([1, 2, 2, 5, .nan, 1, 1, 1, 1, 0, .infinity, 3] as [Double], [3, 2, 2])
    let expected = try Harness.reference(graph, ["a": a])
    for (name, value) in try Harness.vm(plan, ["a": a]) {
      let difference = Tolerance(relative: 1e-12, absolute: 1e-12).difference(value, try #require(expected[name]))
      #expect(difference == nil, "\(name)")
    }
    let factors = try #require(expected[item.testDescription == "eigh" ? "y1" : "y0"])
    #expect(factors[linear: 4].asDouble.isNaN && factors[linear: 8].asDouble.isNaN)
    #expect(!factors[linear: 0].asDouble.isNaN)
  }

  /// Batches of several items, their operand computed and their results used.
  @Test(arguments: defined + [positive]) func batchesAmongOtherKernels(_ item: Case) throws {
    for dtype in [DType.f32, .f64] {
      let type = TensorType(dtype, [330, 3, 3])
      let graph = try graph { b in
        let a = try b.sin(b.input("a", type))
        for (k, value) in try item.build(b, a).enumerated() { try b.output("y\(k)", b.add(value, value)) }
      }
      var random = Random(8)
      let inputs = ["a": try random.tensor(type, -3, 3)]
      #expect(Trial(graph: graph, inputs: inputs).failure() == nil, "\(dtype)")
    }
  }

  /// The product of the factors is the matrix, at a size at which LAPACK works by blocks; rows of Q are orthonormal.
  @Test func largeFactorsGiveTheMatrixBack() throws {
    let graph = try graph { b in
      let a = try b.input("a", "f64[150,130]")
      let (q, r) = try b.qr(a)
      let (u, s, vt) = try b.svd(a)
      let square = try b.matmul(b.transpose(a, [1, 0]), a)
      let l = try b.cholesky(square)
      let (w, v) = try b.eigh(square)
      try b.output("qr", b.subtract(b.matmul(q, r), a))
      try b.output("svd", b.subtract(b.matmul(b.multiply(u, b.expandDims(s, axis: 0)), vt), a))
      try b.output("cholesky", b.subtract(b.matmul(l, b.transpose(l, [1, 0])), square))
      try b.output("eigh", b.subtract(b.matmul(square, v), b.multiply(v, b.expandDims(w, axis: 0))))
      let identity = try b.matmul(b.inverse(square), square)
      try b.output("trace", b.subtract(b.sum(identity, axes: [0, 1]), b.constant(130, .f64)))
    }
    var random = Random(4)
    let results = try Harness.vm(Compiler.compile(graph).plan, ["a": random.tensor("f64[150,130]")], poison: 0xFF)
    for (name, value) in results {
      let largest = (0..<value.count).map { abs(value[linear: $0].asDouble) }.max() ?? .nan
      #expect(largest < 1e-8, "\(name): \(largest)")
    }
  }
}
