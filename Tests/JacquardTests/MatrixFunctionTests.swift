import Jacquard
import JacquardCore
import Testing

/// Linear algebra, sampling, quantization and selection as a user writes them. Golden values check the operations; this checks
/// that each function applies its own.
@Suite struct MatrixFunctionTests {
  /// Outputs that must be 0 up to rounding, from a matrix `a` of shape [3, 3] and one `b` of shape [3, 2].
  struct Identity: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let rest: @Sendable (Tensor<Double>, Tensor<Double>) -> Tensor<Double>

    init(_ name: String, _ rest: @escaping @Sendable (Tensor<Double>, Tensor<Double>) -> Tensor<Double>) {
      testDescription = name
      self.rest = rest
    }
  }

  private static func transposed(_ x: Tensor<Double>) -> Tensor<Double> { x.transposed([1, 0]) }

  static let identities = [
    Identity("cholesky") { a, _ in
      let square = matmul(a, transposed(a))
      let l = cholesky(square)
      return matmul(l, transposed(l)) - square
    },
    Identity("lu") { a, _ in
      let (factors, order, sign) = lu(a)
      let upper = triangularSolve(factors, a.gathered(order), unitDiagonal: true)
      return (upper.determinant() * sign - a.determinant()).reshaped([1])
    },
    Identity("qr") { a, b in
      let (q, r) = qr(a)
      return matmul(q, r) - a
    },
    Identity("eigh") { a, _ in
      let square = matmul(a, transposed(a))
      let (w, v) = eigh(square)
      return matmul(square, v) - v * w
    },
    Identity("svd") { a, b in
      let (u, s, vt) = svd(b)
      return matmul(u * s, vt) - b
    },
    Identity("solve") { a, b in matmul(a, solve(a, b)) - b },
    Identity("inverse") { a, b in matmul(a.inverse(), b) - solve(a, b) },
    Identity("leastSquares") { a, b in leastSquares(a, b) - solve(a, b) },
    Identity("logAbsDeterminant") { a, _ in
      let (sign, logarithm) = a.logAbsDeterminant()
      return (sign * exp(logarithm) - a.determinant()).reshaped([1])
    },
  ]

  @Test(arguments: identities) func factorsGiveTheMatrixBack(_ identity: Identity) throws {
    let graph = try Graph("identity") { g in
      g.output("rest", identity.rest(g.input("a", Double.self, [3, 3]), g.input("b", Double.self, [3, 2])))
    }
    let inputs = [
      "a": try HostTensor([1, -2, 0.5, 0.25, 3, 1, -1, 0.75, 2] as [Double], [3, 3]),
      "b": try HostTensor([1, 2, -0.5, 0.5, 3, -1] as [Double], [3, 2]),
    ]
    let rest = try #require(try Session(graph, ParameterStore(seed: 0)).step(inputs)["rest"]).elements(Double.self)
    #expect(rest.allSatisfy { abs($0) < 1e-12 }, "\(rest)")
  }

  @Test func imagesAndQuantization() throws {
    let graph = try Graph("images") { g in
      let x = g.input("x", Float.self, [1, 1, 4])
      g.output("columns", x.unfolded(window: [3]))
      g.output("image", x.unfolded(window: [3]).folded(to: [4], window: [3]))
      g.output("resized", x.resized(to: [7], axes: [-1], mode: .linear, coordinates: .alignCorners))
      g.output("pooled", x.lpPooled(window: [2], p: 1))
      g.output("normal", x.localResponseNormalized(size: 1, alpha: 1, beta: 1))
      g.output("sampled", x.sampled(at: g.input("grid", Float.self, [1, 2, 1]), alignCorners: true))
      let (scale, zero) = (g.input("scale", Float.self, []), g.input("zero", UInt8.self, []))
      let whole = x.quantized(scale: scale, zeroPoint: zero)
      g.output("whole", whole)
      g.output("floats", whole.dequantized(scale: scale, zeroPoint: zero))
      let column = whole.reshaped([4, 1])
      g.output("product", quantizedMatmul(whole.reshaped([1, 4]), column, zeroPoints: (zero, zero)))
      g.output("places", x.nonZero(bound: 3).indices)
      g.output("values", x.unique(bound: 2).values)
    }
    let results = try Session(graph, ParameterStore(seed: 0)).step([
      "x": HostTensor([1, 0, 3, -3] as [Float], [1, 1, 4]), "grid": HostTensor([-1, 0] as [Float], [1, 2, 1]),
      "scale": HostTensor(Float(2)), "zero": HostTensor(UInt8(1)),
    ])
    let floats: [String: [Float]] = [
      "columns": [1, 0, 0, 3, 3, -3], "image": [1, 0, 6, -3], "resized": [1, 0.5, 0, 1.5, 3, 0, -3],
      "pooled": [1, 3, 6], "normal": [0.5, 0, 0.3, -0.3], "sampled": [1, 1.5], "floats": [0, 0, 4, -2],
      "values": [-3, 0],
    ]
    for (name, expected) in floats {
      let found = try #require(results[name]).elements(Float.self)
      #expect(
        found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name): \(found)")
    }
    // 1/2 and 3/2 go to the even number, -3/2 below the smallest one there is.
    #expect(results["whole"]?.elements(UInt8.self) == [1, 1, 3, 0])
    #expect(results["product"]?.elements(Int32.self) == [5])
    #expect(results["places"]?.elements(Int64.self) == [0, 0, 0, 0, 0, 2, 0, 0, 3])
  }

  @Test func aSingularMatrixNamesItsLine() throws {
    let line = #line
    let graph = try Graph("singular") { g in
      let a = g.input("a", Float.self, [2, 2])
      g.output("x", solve(a, a))
    }
    let session = try Session(graph, ParameterStore(seed: 0))
    let error = #expect(throws: Diagnostic.self) {
      try session.step(["a": HostTensor([1, 2, 2, 4] as [Float], [2, 2])])
    }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("matrix 0 is singular") && text.contains("MatrixFunctionTests.swift:\(line + 3)"), "\(text)")
  }
}
