import JacquardCore
import JacquardIR
import JacquardOps
import Testing

/// Conventions of the composites, and what their decompositions promise.
@Suite struct CompositeTests {
  private static func tensor(_ values: [Double], _ sizes: [Int]) throws -> HostTensor {
    try HostTensor(.f64, sizes, values.map { Scalar.float($0) })
  }

  private static func gradient(_ operation: any Operation, _ x: [Double]) throws -> [Double] {
    let probe = try ElementwiseProbe(operation, [tensor(x, [x.count])])
    let ones = try tensor(Array(repeating: 1, count: x.count), [x.count])
    return try #require(try probe.gradients(ones)[0]).elements(Double.self)
  }

  @Test func conventionsAtKinks() throws {
    #expect(try Self.gradient(Relu(), [0, -0.0, -1, 2, .infinity]) == [0, 0, 0, 1, 1])
    #expect(try Self.gradient(LeakyRelu(slope: 0.25), [0, -1, 2]) == [0.25, 0.25, 1])
    #expect(try Self.gradient(Elu(alpha: 2), [0, 1000, -1000, .infinity]) == [2, 1, 0, 1])
    #expect(try Self.gradient(Softplus(), [0, 1e4, -1e4, .infinity, -.infinity]) == [0.5, 1, 0, 1, 0])
  }

  @Test(arguments: [Relu(), LeakyRelu(slope: 0.1), Elu(alpha: 1), Softplus()] as [any CompositeOperation])
  func notANumberStays(_ operation: any CompositeOperation) throws {
    let value = try #require(try ElementwiseProbe(operation, [Self.tensor([.nan], [1])]).value())
    #expect(value[linear: 0].asDouble.isNaN)
  }

  @Test func logSumExpOfInfiniteRows() throws {
    let rows = try Self.tensor([-.infinity, -.infinity, .infinity, 1, -.infinity, 2], [3, 2])
    let value = try #require(try ElementwiseProbe(LogSumExp(axis: 1), [rows]).value())
    #expect(value.elements(Double.self) == [-.infinity, .infinity, 2])
  }

  /// Value and derivative of all four together take one exponential of each element.
  @Test func oneExponential() throws {
    let builder = GraphBuilder(name: "one")
    let logits = try builder.input("logits", "f32[4,10]")
    let labels = try builder.input("labels", "i32[4]")
    let g = try builder.input("g", "f32[]")
    let rules = ElementwiseRules(builder: builder)
    let operations: [(any CompositeOperation, [ValueID])] = [
      (Softmax(axis: 1), [logits]), (LogSoftmax(axis: 1), [logits]), (LogSumExp(axis: 1), [logits]),
      (CrossEntropy(.mean), [logits, labels]),
    ]
    for (operation, inputs) in operations {
      let value = try operation.decompose(builder, inputs)[0]
      let cotangent = try builder.multiply(g, builder.fill(1, like: value))
      _ = try rules.cotangents(of: value, cotangent, to: [logits])
    }
    #expect(builder.graph.nodes.filter { $0.operation is Exp }.count == 1)
  }

  @Test func labelsAreRangeChecked() throws {
    let logits = try Self.tensor([1, 2, 3], [1, 3])
    for label: Int32 in [-1, 3] {
      let probe = try ElementwiseProbe(CrossEntropy(.mean), [logits, HostTensor([label], [1])])
      #expect(throws: Diagnostic.self, "\(label)") { try probe.value() }
    }
  }

  @Test func lossesOfLargeLogits() throws {
    let logits = try Self.tensor([1e4, -1e4, 0], [1, 3])
    let probe = try ElementwiseProbe(CrossEntropy(.sum), [logits, HostTensor([Int32(1)], [1])])
    #expect(try probe.value()?.elements(Double.self) == [2e4])
    let gradient = try #require(try probe.gradients(Self.tensor([1], []))[0])
    #expect(gradient.elements(Double.self) == [1, -1, 0])
  }

  @Test func reductionsOfLosses() throws {
    let (a, b) = (try Self.tensor([1, 2, 3, 4, 5, 6], [2, 3]), try Self.tensor([0, 0, 0, 0, 0, 0], [2, 3]))
    let expected: [LossReduction: [Double]] = [
      .mean: [91.0 / 6], .sum: [91], .sumPerSample: [45.5], .none: [1, 4, 9, 16, 25, 36],
    ]
    for (reduction, values) in expected {
      let value = try ElementwiseProbe(MeanSquaredError(reduction), [a, b]).value()
      #expect(value?.elements(Double.self) == values, "\(reduction)")
    }
  }

  @Test func dropoutKeepsTheMean() throws {
    let x = try Self.tensor(Array(repeating: 2, count: 10_000), [100, 100])
    let key = try HostTensor([Int32(3), 4], [2])
    let probe = try ElementwiseProbe(Dropout(rate: 0.25), [x, key])
    let values = try #require(try probe.value()).elements(Double.self)
    let kept: Double = 2 / 0.75
    #expect(Set(values) == Set([0, kept]))
    // Of 10,000 elements 2,500 are dropped, with a deviation of 43.
    let dropped: Int = values.count { $0 == 0 }
    #expect((2300...2700).contains(dropped))
    let ones = try Self.tensor(Array(repeating: 1, count: 10_000), [100, 100])
    let slopes = try #require(try probe.gradients(ones)[0]).elements(Double.self)
    #expect(slopes == values.map { $0 / 2 })
  }

  @Test func dropoutOfNothingIsTheIdentity() throws {
    let x = try Self.tensor([1, -2, .infinity], [3])
    let value = try ElementwiseProbe(Dropout(rate: 0), [x, HostTensor([Int32(3), 4], [2])]).value()
    #expect(value == x)
  }
}
