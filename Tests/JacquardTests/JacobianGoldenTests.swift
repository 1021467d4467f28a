import Jacquard
import JacquardOps
import Testing

/// Whole Jacobians and Hessians against PyTorch's (`Tests/Goldens/README.md`).
@Suite struct JacobianGoldenTests {
  typealias Function = @Sendable ([Tensor<Double>]) -> Tensor<Double>

  /// The functions of `goldens/jacobians.py`.
  static let functions: [String: Function] = [
    "softmax": { softmax($0[0]) },
    "mlp": { x in matmul(x[2], tanh(matmul(x[1], x[0]))) },
    "conv": { x in apply(Conv(ConvGeometry(rank: 2, strides: [2, 2], low: [1, 1], high: [1, 1])), to: x[0], x[1]) },
    "cholesky": { x in cholesky(matmul(x[0], x[0].transposed()) + diagonal(x[0])) },
    "attention": { x in matmul(softmax(matmul(x[0], x[1].transposed()) / 2.0.squareRoot()), x[2]) },
    "cumsum": { x in sin(x[0]).cumulativeSum(axis: 1) },
    "logSumExp": { x in logSumExp(x[0], axis: 0) },
    "rosenbrock": { x in
      let (low, high) = (x[0].sliced(0..<5), x[0].sliced(1..<6))
      let valley = high - low * low
      return (valley * valley * 100 + (1 - low) * (1 - low)).sum()
    },
    "quadratic": { x in (x[0] * matmul(x[1], x[0])).sum() },
  ]

  /// 4 on the diagonal.
  private static func diagonal(_ x: Tensor<Double>) -> Tensor<Double> {
    let (row, column) = (x.context.iota(Int32.self, [3, 1]), x.context.iota(Int32.self, [1, 3], axis: 1))
    return (row .== column).cast(to: Double.self) * 4
  }

  private struct Case {
    let name: String
    let inputs: [HostTensor]
    let tensors: SafetensorsFile

    init(_ entry: JSONValue, _ tensors: SafetensorsFile) throws {
      let (name, count) = (
        try entry.object().required("name").string(), try entry.object().required("operands").int()
      )
      self.name = name
      self.tensors = tensors
      inputs = try (0..<count).map { try tensors.tensor("\(name)/in\($0)") }
    }

    /// Compares the outputs of a declaration with the tensors of the same names.
    func check(_ body: (GraphContext, [Tensor<Double>], Function) -> Void) throws {
      let function = try #require(JacobianGoldenTests.functions[name])
      let graph = try Graph(name) { g in
        body(g, inputs.enumerated().map { g.input("in\($0)", Double.self, $1.shape) }, function)
      }
      let values = Dictionary(uniqueKeysWithValues: inputs.enumerated().map { ("in\($0)", $1) })
      for (output, found) in try Session(graph, ParameterStore()).step(values) {
        let expected = try tensors.tensor("\(name)/\(output)")
        #expect(found.sizes == expected.sizes, "\(name), \(output)")
        let worst = (0..<min(found.count, expected.count)).map { index in
          abs(found[linear: index].asDouble - expected[linear: index].asDouble)
        }.max()
        #expect(worst ?? 1 <= 1e-11, "\(name), \(output): \(worst ?? 1)")
      }
    }
  }

  private func cases(_ list: String) throws -> [Case] {
    let json = try JSONValue.read("\(TrainingGoldens.folder)/jacobians.json").object()
    let tensors = try SafetensorsFile("\(TrainingGoldens.folder)/jacobians.safetensors")
    return try json.required(list).array().map { try Case($0, tensors) }
  }

  @Test(arguments: ["reverse", "forward"]) func jacobians(_ mode: String) throws {
    let cases = try cases("jacobians")
    #expect(cases.count == 6)
    for entry in cases {
      try entry.check { g, x, function in
        let found = jacobian(of: function(x), withRespectTo: x, mode: mode == "forward" ? .forward : .reverse)
        for (index, tensor) in found.enumerated() { g.output("jacobian\(index)", tensor) }
      }
    }
  }

  @Test func hessians() throws {
    let cases = try cases("hessians")
    #expect(cases.count == 3)
    for entry in cases {
      try entry.check { g, x, function in
        for (row, tensors) in hessian(of: function(x), withRespectTo: x).enumerated() {
          for (column, tensor) in tensors.enumerated() { g.output("hessian\(row).\(column)", tensor) }
        }
      }
    }
  }
}
