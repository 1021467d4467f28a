import Jacquard
import Testing

@Suite struct DifferentiationTests {
  /// Runs a declaration of one input x and returns the output y.
  private func value(_ x: [Double], _ body: (Tensor<Double>) -> Tensor<Double>) throws -> [Double] {
    let graph = try Graph("f") { g in g.output("y", body(g.input("x", Double.self, ["N"]))) }
    let tensor = try HostTensor(x, [x.count])
    return try graph.evaluate(["x": tensor]).outputs["y"]?.elements(Double.self) ?? []
  }

  private func close(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) }
  }

  @Test func derivativesOfCubes() throws {
    let x = [0.5, -1, 2.0]
    let cube: (Tensor<Double>) -> Tensor<Double> = { ($0 * $0 * $0).sum() }
    #expect(close(try value(x) { grad(of: cube)($0) }, x.map { 3 * $0 * $0 }))
    #expect(close(try value(x) { grad(of: { grad(of: cube)($0).sum() })($0) }, x.map { 6 * $0 }))
    #expect(close(try value(x) { valueAndGrad(of: cube, at: $0).value }, [0.125 - 1 + 8]))
    #expect(close(try value(x) { hvp(of: cube($0), withRespectTo: [$0], vectors: [$0])[0] }, x.map { 6 * $0 * $0 }))
    #expect(
      close(
        try value(x) { jvp(of: $0 * $0, withRespectTo: [$0], tangents: [$0 * 2]) }, x.map { 4 * $0 * $0 }))
    #expect(
      close(
        try value(x) { vjp(of: $0 * $0, cotangent: $0, withRespectTo: [$0])[0] }, x.map { 2 * $0 * $0 }))
  }

  @Test func customGradientReplacesTheDerivative() throws {
    let x = [1.0, -2]
    let gradient = try value(x) { x in
      let y = customGradient([x]) {
        $0[0] * $0[0]
      } backward: { _, _, g in
        [g * 10]
      }
      return grad(of: y.sum(), withRespectTo: x)
    }
    #expect(close(gradient, [10, 10]))
    let forward = try value(x) { x in
      customGradient([x]) {
        $0[0] * $0[0]
      } backward: { _, _, g in
        [g * 10]
      }
    }
    #expect(close(forward, [1, 4]))
  }

  @Test func noGradientFlowsThroughStop() throws {
    let gradient = try value([3]) { x in grad(of: (x * x.stoppingGradient()).sum(), withRespectTo: x) }
    #expect(close(gradient, [3]))
  }

  @Test func checkpointedSegmentsAreComputedTwice() throws {
    func graph(_ isCheckpointed: Bool) throws -> Graph {
      try Graph("deep", mode: .training) { g in
        let x = g.input("x", Double.self, ["N", 3])
        let (first, second) = (Linear(3, 4), Linear(4, 1))
        let segment: (Tensor<Double>) -> Tensor<Double> = { second(tanh(first($0))) }
        let y = isCheckpointed ? checkpoint(x, segment) : segment(x)
        g.minimize((y * y).mean(), with: SGD(learningRate: 0.1))
        g.output("y", y)
      }
    }
    let x = try HostTensor([0.5, 1, -2, 0.25, 3, 1.5], [2, 3])
    let stores = [ParameterStore(seed: 3), ParameterStore(seed: 3)]
    for (store, isCheckpointed) in zip(stores, [false, true]) {
      let session = try Session(try graph(isCheckpointed), store)
      for _ in 0..<3 { _ = try session.step(["x": x]) }
    }
    for name in stores[0].names {
      let (a, b) = (stores[0][name]?.elements(Double.self) ?? [], stores[1][name]?.elements(Double.self) ?? [])
      #expect(close(a, b), "\(name)")
    }
    let barriers = try graph(true).nodes.filter { $0.operationName == "barrier" }
    #expect(!barriers.isEmpty)
  }
}
