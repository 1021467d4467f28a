import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// One sample as a graph with inputs `x0`, `x1`, ... and outputs `y0`, `y1`, ...
struct SampleCase: CustomStringConvertible {
  let sample: OperationSample
  let graph: Graph
  let inputs: [String: HostTensor]
  let description: String

  /// - Parameter floats: the type that float inputs get instead of their own.
  init(_ sample: OperationSample, _ number: Int, floats: DType? = nil) throws {
    self.sample = sample
    var random = Random(number + 1)
    let builder = GraphBuilder(name: "sample")
    var values: [ValueID] = []
    var inputs: [String: HostTensor] = [:]
    for (index, input) in sample.inputs.enumerated() {
      let tensor = try random.value(input, floats: floats)
      values.append(try builder.input("x\(index)", tensor.type))
      inputs["x\(index)"] = tensor
    }
    for (index, value) in try builder.append(sample.operation, values, graphs: sample.graphs).enumerated() {
      try builder.output("y\(index)", value)
    }
    graph = builder.graph
    self.inputs = inputs
    let types = values.map { builder.type($0).description }.joined(separator: ", ")
    description = "\(type(of: sample.operation).name)(\(types)) sample \(number)"
  }

  /// The sample's units in the last place, and 4 eps sqrt(K) of the result on absolute values. Errors of factorisations are
  /// bounded by the largest element of a result, not by each one.
  func tolerance(_ name: String, _ expected: HostTensor) throws -> Tolerance {
    let eps = expected.dtype == .f64 ? 0x1p-52 : 0x1p-23
    let terms = inputs.values.map(\.count).max() ?? 1
    var sizes = (0..<expected.count).map { abs(expected[linear: $0].asDouble) }
    let sums = [
      "sum", "mean", "dot", "conv", "convWeightGradient", "sumPool", "averagePool", "poolScatter", "scatterAdd",
      "scatterElements", "scatterND",
    ]
    if sums.contains(type(of: sample.operation).name) {
      let magnitudes = try Harness.reference(graph, inputs.mapValues(\.magnitudes))
      if let large = magnitudes[name] { sizes = (0..<large.count).map { large[linear: $0].asDouble } }
    }
    if Self.ofMatrices.contains(type(of: sample.operation).name) {
      let large = sizes.filter(\.isFinite).max() ?? 0
      return Tolerance(relative: sample.ulps * eps, absolute: 16 * sample.ulps * eps * large + 1e-300)
    }
    return Tolerance(relative: sample.ulps * eps) { 4 * eps * Double(terms).squareRoot() * sizes[$0] + 1e-300 }
  }
}

extension SampleCase {
  fileprivate static let ofMatrices = Set(
    StructuralOperations.linearAlgebra.map { $0.name }
      + ["solve", "inverse", "determinant", "logAbsDeterminant", "leastSquares"])
}

extension HostTensor {
  var magnitudes: HostTensor {
    guard dtype.isFloat else { return self }
    var result = self
    for index in 0..<count { result[linear: index] = .float(abs(self[linear: index].asDouble)) }
    return result
  }
}

@Suite struct ExecutorAgreementTests {
  static let operations = OperationRegistry.standard.operations.map { $0.name }

  private func cases(_ name: String) throws -> [SampleCase] {
    let operation = try #require(OperationRegistry.standard.operation(named: name))
    var result: [SampleCase] = []
    for (number, sample) in operation.samples.enumerated() {
      result.append(try SampleCase(sample, number))
      if sample.inputs.contains(where: { $0.type.dtype == .f32 }) && sample.graphs.isEmpty {
        result.append(try SampleCase(sample, number, floats: .f64))
      }
    }
    return result
  }

  @Test(arguments: operations) func samplesAgreeWithTheReference(_ name: String) throws {
    for item in try cases(name) {
      let expected = try Harness.reference(item.graph, item.inputs)
      let plan = try Compiler.compile(item.graph).plan
      try plan.verify()
      let actual = try Harness.vm(plan, item.inputs, poison: 0xFF)
      for (output, tensor) in expected {
        let result = try #require(actual[output])
        let difference = try item.tolerance(output, tensor).difference(result, tensor)
        #expect(difference == nil, "\(item), output \(output)")
      }
    }
  }

  @Test(arguments: operations) func samplesGiveTheSameBytesHoweverTheyRun(_ name: String) throws {
    for item in try cases(name) {
      let plan = try Compiler.compile(item.graph).plan
      let bytes = try Harness.vm(plan, item.inputs)
      for threads in [2, 3, 4, 16] {
        let other = try Harness.vm(plan, item.inputs, threads: threads, poison: 0x5A)
        #expect(firstDifference(bytes, other) == nil, "\(item) on \(threads) threads")
      }
      let plain = try Compiler.compile(item.graph, options: Harness.options(fuse: false)).plan
      try plain.verify()
      #expect(firstDifference(bytes, try Harness.vm(plain, item.inputs)) == nil, "\(item) without fusion")
    }
  }

  @Test(arguments: operations) func plansSurviveTheirFile(_ name: String) throws {
    for item in try cases(name) {
      let plan = try Compiler.compile(item.graph).plan
      let text = try plan.json().text(.document)
      let copy = try Plan(json: Array(text.utf8), file: "plan.json")
      #expect(copy == plan, "\(item): the plan changes")
      #expect(try copy.json().text(.document) == text, "\(item): the file changes")
      #expect(
        firstDifference(try Harness.vm(plan, item.inputs), try Harness.vm(copy, item.inputs)) == nil, "\(item)")
    }
  }
}
