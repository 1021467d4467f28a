import JacquardCore
import JacquardIR
import JacquardOps
import Testing

/// Derivatives of structural operations where the rule is not plain: ties, zeros, symbols, sub-graphs.
@Suite struct StructuralGradientTests {
  private static func f64(_ values: [Double], _ sizes: [Int]) throws -> HostTensor {
    try HostTensor(.f64, sizes, values.map { Scalar.float($0) })
  }

  private static func gradient(
    _ x: HostTensor, _ build: (GraphBuilder, ValueID) throws -> ValueID
  ) throws -> [Double] {
    let probe = try ElementwiseProbe([x]) { try build($0, $1[0]) }
    return try #require(try probe.gradients(f64([1], []))[0]).elements(Double.self)
  }

  /// First derivatives of every sample by central differences of the reference along one direction.
  @Test func samplesAgreeWithDifferences() throws {
    for type in StructuralOperations.all {
      for sample in type.samples where sample.graphs.isEmpty {
        if case .none = sample.gradient { continue }
        let inputs = try StructuralDraw.inputs(sample, floats: .f64)
        let place = "\(type.name) of \(inputs.map(\.type))"
        let results = try sample.operation.inferTypes(TypeContext(inputs.map(\.type)))
        if results.count > 1 { continue }
        let weights = try StructuralDraw.tensor(.uniform(results[0], -1, 1), seed: 50)
        let directions = try inputs.enumerated().map { index, x in
          try StructuralDraw.tensor(.uniform(TensorType(.f64, x.shape), -1, 1), seed: 60 + index)
        }
        func value(_ step: Double) throws -> Double {
          let moved = try zip(inputs, directions).map { x, d in
            x.dtype.isFloat ? try Self.moved(x, d, step) : x
          }
          let y = try sample.operation.reference(ReferenceContext(moved, outputs: results))[0]
          return Self.product(y, weights)
        }
        let expected = try (value(1e-5) - value(-1e-5)) / 2e-5
        let found = try ElementwiseProbe(sample.operation, inputs).gradients(weights)
        let actual = zip(found, directions).reduce(0.0) { sum, pair in
          guard let g = pair.0 else { return sum }
          return sum + Self.product(g, pair.1)
        }
        #expect(abs(actual - expected) <= 1e-7 * max(1, abs(expected)), "\(place): \(actual), \(expected)")
      }
    }
  }

  private static func product(_ a: HostTensor, _ b: HostTensor) -> Double {
    (0..<a.count).reduce(0.0) { (sum: Double, index: Int) -> Double in
      sum + a[linear: index].asDouble * b[linear: index].asDouble
    }
  }

  private static func moved(_ x: HostTensor, _ direction: HostTensor, _ step: Double) throws -> HostTensor {
    try f64((0..<x.count).map { x[linear: $0].asDouble + step * direction[linear: $0].asDouble }, x.sizes)
  }

  @Test func tiesShareTheGradient() throws {
    let x = try Self.f64([1, 3, 3, 2, 2, 2], [2, 3])
    let largest = try Self.gradient(x) { b, x in try b.sum(b.reduceMax(x, axes: [1]), axes: [0]) }
    let third: Double = 1 / 3
    #expect(largest == [0, 0.5, 0.5, third, third, third])
    let smallest = try Self.gradient(x) { b, x in try b.reduceMin(x, axes: [0, 1]) }
    #expect(smallest == [1, 0, 0, 0, 0, 0])
    let undefined = try Self.gradient(Self.f64([1, .nan], [2])) { b, x in try b.reduceMax(x, axes: [0]) }
    #expect(undefined == [0, 0])
  }

  /// d/dx of d/dx of a product is the product of the other two, zeros or not.
  @Test func productsWithZerosToSecondOrder() throws {
    for values in [[2.0, 3, 5], [0, 3, 5], [0, 0, 5], [0, 0, 0], [2, 0, 5]] {
      let x = try Self.f64(values, [3])
      let first = try Self.gradient(x) { b, x in try b.product(x, axes: [0]) }
      let pairs: [Double] = [values[1] * values[2], values[0] * values[2], values[0] * values[1]]
      #expect(first == pairs, "\(values)")
      let second = try Self.gradient(x) { b, x in
        let y = try b.product(x, axes: [0])
        let g = try ElementwiseRules(builder: b).cotangents(of: y, b.constant(1, .f64), to: [x])
        return try b.sum(#require(g[0]), axes: [0])
      }
      let sums: [Double] = [values[1] + values[2], values[0] + values[2], values[0] + values[1]]
      #expect(second == sums, "\(values)")
    }
  }

  /// Where the number of elements is a symbol the rule divides; zeros are right to first order.
  @Test func productsOfUnknownLength() throws {
    for values in [[2.0, 4, 0.5], [0, 3, 5], [0, 0, 5]] {
      let builder = GraphBuilder(name: "product")
      let x = try builder.input("x", "f64[N]")
      let y = try builder.product(x, axes: [0])
      let one = try builder.constant(1, .f64)
      let g = try ElementwiseRules(builder: builder).cotangents(of: y, one, to: [x])
      try builder.output("g", #require(g[0]))
      let result = try builder.graph.evaluate(["x": Self.f64(values, [3])]).outputs["g"]
      let expected: [Double] = [values[1] * values[2], values[0] * values[2], values[0] * values[1]]
      #expect(result?.elements(Double.self) == expected, "\(values)")
    }
  }

  /// Gradients of graphs whose batch is a symbol keep it.
  @Test func symbolsStay() throws {
    let builder = GraphBuilder(name: "symbols")
    let x = try builder.input("x", "f32[N,6]")
    let pairs = try builder.slice(x, starts: [0, 1], limits: [.symbol("N"), 6], strides: [1, 2])
    let padded = try builder.pad(builder.reverse(pairs, axes: [0, 1]), low: [2, 0], high: [0, 1])
    let joined = try builder.concat([padded, padded], axis: 0)
    let mean = try builder.mean(builder.multiply(joined, joined), axes: [0, 1])
    let g = try ElementwiseRules(builder: builder).cotangents(of: mean, builder.constant(1, .f32), to: [x])
    #expect(builder.type(joined) == "f32[2*N+4,4]")
    #expect(builder.type(try #require(g[0])) == "f32[N,6]")
    try builder.output("g", #require(g[0]))
    let bound = try builder.graph.binding(["N": 3])
    let values = try Self.f64((0..<18).map(Double.init), [3, 6])
    let single = try HostTensor(.f32, [3, 6], (0..<18).map { values[linear: $0] })
    let result = try #require(try bound.evaluate(["x": single]).outputs["g"]).elements(Float.self)
    // The mean has 40 elements, each odd column's square twice: derivative 4 x / 40.
    for (index, value) in result.enumerated() {
      let expected: Float = index % 2 == 1 ? Float(index) / 10 : 0
      #expect(abs(value - expected) <= 1e-6)
    }
  }

  /// A gradient of one's own is used instead of the true one; results without a cotangent count as zero.
  @Test func customGradientsAreUsed() throws {
    let builder = GraphBuilder(name: "custom")
    let x = try builder.input("x", "f64[N]")
    let y = try builder.customGradient([x]) { b, x in
      [try b.multiply(x[0], x[0]), try b.exp(x[0])]
    } backward: { b, x, y, g in
      [try b.add(b.multiply(g[0], b.constant(10, .f64)), b.multiply(g[1], y[1]))]
    }
    guard let node = builder.graph.producer(y[0]) else { return }
    let context = GradientContext(
      builder: builder, inputs: [x], outputs: y, cotangents: [x, nil], needed: [true], graphs: node.graphs)
    guard case .cotangents(let list) = try node.operation.gradient(context), case .value(let g) = list[0] else {
      Issue.record("no cotangent")
      return
    }
    try builder.output("g", g)
    try builder.output("y", y[0])
    let result = try builder.graph.evaluate(["x": Self.f64([1, 2], [2])]).outputs
    #expect(result["g"]?.elements(Double.self) == [10, 20])
    #expect(result["y"]?.elements(Double.self) == [1, 4])
  }
}
