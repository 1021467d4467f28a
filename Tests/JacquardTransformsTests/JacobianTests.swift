import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

/// Jacobians of every differentiable operation, from its own samples: both modes against products with one direction (which
/// finite differences judge).
@Suite struct JacobianTests {
  static let operations = OperationRegistry.standard.operations.map { $0.name }

  @Test(arguments: operations) func bothModesAgreeWithForwardProducts(_ name: String) throws {
    let operation = try #require(OperationRegistry.standard.operation(named: name))
    for (index, sample) in operation.samples.enumerated() {
      if case .none = sample.gradient { continue }
      guard let trial = try JacobianTrial(sample, seed: index + 1) else { continue }
      for mode in JacobianMode.allCases {
        let message = try trial.difference(mode)
        #expect(message == nil, "\(name) sample \(index), \(mode): \(message ?? "")")
      }
    }
  }

  @Test func shapesAreThoseOfTheValueAndTheOther() throws {
    let graph = try graph([("x", "f64[N,3]"), ("w", "f64[3,2]"), ("u", "f64[2]")]) { b, x in try b.matmul(x[0], x[1]) }
    for mode in JacobianMode.allCases {
      let full = try graph.addingJacobian(of: "y", withRespectTo: ["x", "w", "u"], mode: mode)
      let types = ["x", "w", "u"].map { name in full.output(named: "jacobian/\(name)").map { full.type($0.value) } }
      #expect(types == ["f64[N,2,N,3]", "f64[N,2,3,2]", "f64[N,2,2]"], "\(mode)")
    }
  }

  /// Second derivatives against differences of gradients.
  @Test func hessiansAgreeWithFiniteDifferences() throws {
    let graph = try graph([("x", "f64[3]"), ("w", "f64[2,3]")]) { b, x in
      let hidden = try b.tanh(b.matmul(x[1], x[0]))
      return try b.logSumExp(b.concat([hidden, b.multiply(x[0], x[0])], axis: 0), axis: 0)
    }
    let names = ["x", "w"]
    let full = try graph.addingHessian(of: "y", withRespectTo: names)
    let first = try graph.addingGradients(of: "y", withRespectTo: names)
    var random = Random(5)
    let point = ["x": try random.tensor("f64[3]"), "w": try random.tensor("f64[2,3]")]
    let exact = try full.evaluate(point).outputs
    for (row, column) in names.flatMap({ row in names.map { (row, $0) } }) {
      let matrix = try #require(exact["hessian/\(row),\(column)"])
      let (rows, columns) = (try #require(point[row]).count, try #require(point[column]).count)
      for place in 0..<columns {
        let slopes = try [1e-5, -1e-5].map { step in
          var moved = point
          let old = moved[column]?[linear: place].asDouble ?? 0
          moved[column]?[linear: place] = .float(old + step)
          return try #require(try first.evaluate(moved).outputs["grad/\(row)"]).doubles
        }
        for index in 0..<rows {
          let measured = (slopes[0][index] - slopes[1][index]) / 2e-5
          let found = matrix[linear: index * columns + place].asDouble
          #expect(abs(found - measured) <= 1e-8, "\(row) \(index), \(column) \(place): \(found), measured \(measured)")
        }
      }
    }
  }

  @Test func aValueThatIsNoFloatIsRefused() throws {
    let graph = try graph([("x", "f64[3]")]) { b, x in try b.argmax(x[0], axis: 0) }
    #expect(throws: Diagnostic.self) { try graph.addingJacobian(of: "y", withRespectTo: ["x"]) }
  }

  /// The forward pass does not depend on the direction, and is there once.
  @Test func theForwardPassIsSharedByAllDirections() throws {
    let graph = try graph([("x", "f64[5]"), ("w", "f64[4,5]")]) { b, x in try b.tanh(b.matmul(x[1], x[0])) }
    let full = try graph.addingJacobian(of: "y", withRespectTo: ["x"])
    #expect(full.nodes.filter { $0.operation is Tanh }.map { full.type($0.results[0]) } == ["f64[4]"])
  }
}

/// The first float result of a sample as a function of its float operands.
private struct JacobianTrial {
  private let graph: Graph
  private let point: [String: HostTensor]
  private let wrt: [String]
  private let tangents: [String: HostTensor]

  /// nil for a sample without a float, or so large that its Jacobian is.
  init?(_ sample: OperationSample, seed: Int) throws {
    var random = Random(seed)
    let values = try sample.inputs.map { try random.value($0) }
    let builder = GraphBuilder(name: "sample")
    let inputs = try values.enumerated().map { try builder.input("x\($0)", $1.type) }
    let results = try builder.append(sample.operation, inputs, graphs: sample.graphs)
    guard let result = results.first(where: { builder.type($0).dtype.isFloat }) else { return nil }
    let floats = values.indices.filter { values[$0].dtype.isFloat }
    let rows = builder.shape(result).sizes?.reduce(1, *) ?? 0
    let columns = floats.map { values[$0].count }.max() ?? 0
    if floats.isEmpty || rows * columns > 5000 { return nil }
    try builder.output("y", result)
    graph = builder.graph
    wrt = floats.map { "x\($0)" }
    point = Dictionary(uniqueKeysWithValues: values.enumerated().map { ("x\($0)", $1) })
    tangents = Dictionary(uniqueKeysWithValues: try floats.map { ("x\($0)", try random.tensor(values[$0].type)) })
  }

  /// What is wrong; nil if nothing is.
  func difference(_ mode: JacobianMode) throws -> String? {
    let full = try graph.addingJacobian(of: "y", withRespectTo: wrt, mode: mode)
    let pushed = try graph.addingJVP(of: ["y"], withRespectTo: wrt)
    let jacobians = try full.evaluate(point).outputs
    let moved = point.merging(tangents.map { ("tangent/\($0.key)", $0.value) }) { $1 }
    let expected = try pushed.evaluate(moved).outputs["jvp/y"]?.doubles ?? []
    var found = [Double](repeating: 0, count: expected.count)
    var size = 1.0
    for name in wrt {
      guard let jacobian = jacobians["jacobian/\(name)"]?.doubles, let tangent = tangents[name]?.doubles else {
        return "there is no jacobian/\(name)"
      }
      if jacobian.count != expected.count * tangent.count { return "jacobian/\(name) has \(jacobian.count) elements" }
      for row in found.indices {
        for column in tangent.indices {
          let term = jacobian[row * tangent.count + column] * tangent[column]
          found[row] += term
          size = max(size, abs(term))
        }
      }
    }
    for (a, b) in zip(found, expected) where abs(a - b) > 1e-9 * size { return "\(a), not \(b)" }
    return nil
  }
}
