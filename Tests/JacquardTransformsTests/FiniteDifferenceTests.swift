import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

/// Gradients of every operation, from its own samples in f64, against central differences along a random direction.
@Suite struct FiniteDifferenceTests {
  static let operations = OperationRegistry.standard.operations.map { $0.name }

  private static func probes(_ name: String) throws -> [GradientProbe] {
    let operation = try #require(OperationRegistry.standard.operation(named: name))
    return try operation.samples.enumerated().compactMap { index, sample in
      if case .none = sample.gradient { return nil }
      return try GradientProbe(sample, name: "\(name) sample \(index)", seed: index + 1)
    }
  }

  @Test(arguments: operations) func firstOrder(_ name: String) throws {
    for probe in try Self.probes(name) {
      let (exact, size) = try probe.slope()
      let measured = try probe.measuredSlope()
      let bound = 1e-6 * size + 1e-9
      #expect(abs(exact - measured) <= bound, "\(probe.name): \(exact), measured \(measured)")
    }
  }

  @Test(arguments: operations) func secondOrder(_ name: String) throws {
    for probe in try Self.probes(name) where probe.sample.gradient == .secondOrder {
      let (exact, size) = try probe.curvature()
      let measured = try probe.measuredCurvature()
      let bound = 1e-4 * size + 1e-7
      #expect(abs(exact - measured) <= bound, "\(probe.name): \(exact), measured \(measured)")
    }
  }

  /// <w, J t> = <J' w, t>
  @Test(arguments: operations) func forwardAgreesWithReverse(_ name: String) throws {
    for probe in try Self.probes(name) {
      let (reverse, size) = try probe.slope()
      let forward = try probe.forwardSlope()
      #expect(abs(reverse - forward) <= 1e-12 * size + 1e-14, "\(probe.name): \(forward), in reverse \(reverse)")
    }
  }
}

/// One sample as a function of its float operands: the sum of its float results, weighted at random.
struct GradientProbe {
  let sample: OperationSample
  let name: String
  private let values: [String: HostTensor]
  private let graph: Graph
  /// Names of float inputs.
  private let wrt: [String]
  /// Where the function is differentiated along.
  private let directions: [String: HostTensor]

  init(_ sample: OperationSample, name: String, seed: Int) throws {
    self.sample = sample
    self.name = name
    var random = Random(seed)
    var values: [String: HostTensor] = [:]
    let builder = GraphBuilder(name: name)
    var inputs: [ValueID] = []
    for (index, input) in sample.inputs.enumerated() {
      let value = try random.value(input)
      values["x\(index)"] = value
      inputs.append(try builder.input("x\(index)", value.type))
    }
    let results = try builder.append(sample.operation, inputs, graphs: sample.graphs)
    var terms: [ValueID] = []
    for (index, result) in results.enumerated() where builder.type(result).dtype.isFloat {
      try builder.output("r\(index)", result)
      let weights = try random.tensor(builder.type(result), 0.5, 1.5)
      values["w\(index)"] = weights
      let product = try builder.multiply(result, builder.input("w\(index)", weights.type))
      let axes = Array(0..<weights.sizes.count)
      terms.append(try builder.cast(axes.isEmpty ? product : builder.sum(product, axes: axes), .f64))
    }
    let total = try terms.dropFirst().reduce(try #require(terms.first)) { try builder.add($0, $1) }
    try builder.output("f", total)
    graph = builder.graph
    wrt = sample.inputs.indices.filter { builder.type(inputs[$0]).dtype.isFloat }.map { "x\($0)" }
    let directions = try wrt.map { ($0, try random.tensor(try #require(values[$0]).type)) }
    self.directions = Dictionary(uniqueKeysWithValues: directions)
    self.values = values
  }

  private static let step = 1e-5

  private func moved(_ factor: Double) -> [String: HostTensor] {
    values.merging(directions) { value, direction in value.plus(direction, times: factor) }
  }

  private func value(_ graph: Graph, _ name: String, at point: [String: HostTensor]) throws -> HostTensor {
    try #require(try graph.evaluate(point).outputs[name])
  }

  func measuredSlope() throws -> Double {
    let high = try value(graph, "f", at: moved(Self.step))[linear: 0].asDouble
    let low = try value(graph, "f", at: moved(-Self.step))[linear: 0].asDouble
    return (high - low) / (2 * Self.step)
  }

  private func gradientGraph() throws -> Graph {
    let builder = GraphBuilder(extending: graph)
    let inputs = try wrt.map { try #require(input($0)) }
    let total = try #require(graph.output(named: "f")).value
    for (name, gradient) in zip(wrt, try builder.gradients(of: total, withRespectTo: inputs)) {
      try builder.output("grad/\(name)", gradient)
    }
    try builder.graph.verify()
    return builder.graph
  }

  private func input(_ name: String) -> ValueID? {
    graph.inputs.firstIndex { $0.name == name }.map { graph.inputValues[$0] }
  }

  /// The sum over inputs of gradient times direction at a point.
  private func slope(_ graph: Graph, at point: [String: HostTensor]) throws -> (sum: Double, size: Double) {
    let outputs = try graph.evaluate(point).outputs
    var total = (sum: 0.0, size: 0.0)
    for name in wrt {
      let part = try #require(outputs["grad/\(name)"]).inner(try #require(directions[name]))
      total = (total.sum + part.sum, total.size + part.size)
    }
    return total
  }

  func slope() throws -> (sum: Double, size: Double) { try slope(gradientGraph(), at: values) }

  func measuredCurvature() throws -> Double {
    let graph = try gradientGraph()
    let high = try slope(graph, at: moved(Self.step)).sum
    let low = try slope(graph, at: moved(-Self.step)).sum
    return (high - low) / (2 * Self.step)
  }

  /// Direction times Hessian times direction.
  func curvature() throws -> (sum: Double, size: Double) {
    let graph = try graph.addingHVP(of: "f", withRespectTo: wrt)
    var point = values
    for name in wrt { point["vector/\(name)"] = directions[name] }
    let outputs = try graph.evaluate(point).outputs
    var total = (sum: 0.0, size: 0.0)
    for name in wrt {
      let part = try #require(outputs["hvp/\(name)"]).inner(try #require(directions[name]))
      total = (total.sum + part.sum, total.size + part.size)
    }
    return total
  }

  func forwardSlope() throws -> Double {
    let graph = try graph.addingJVP(of: ["f"], withRespectTo: wrt)
    var point = values
    for name in wrt { point["tangent/\(name)"] = directions[name] }
    return try value(graph, "jvp/f", at: point)[linear: 0].asDouble
  }
}
