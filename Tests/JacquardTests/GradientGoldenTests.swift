import Jacquard
import JacquardOps
import JacquardRuntime
import Testing

@testable import JacquardIR

/// First and second derivatives of every operation that PyTorch has too, against PyTorch's (`Tests/Goldens/README.md`).
@Suite struct GradientGoldenTests {
  /// Differentiable operations that are not among the goldens, and why.
  static let withoutCounterpart = [
    "barrier": "the identity, which only passes know",
    "cond": "PyTorch's branches are Python's", "scan": "PyTorch's loops are Python's",
    "customGradient": "its derivative is what a user states",
    "dropout": "what is dropped is drawn by Jacquard's own generator",
    "floorDivide": "PyTorch does not differentiate floor_divide",
  ]

  @Test func everyDifferentiableOperationIsAccountedFor() throws {
    let covered = Set(try GradientGolden.all().map(\.operation))
    let differentiable = Set(
      OperationRegistry.standard.operations.filter { operation in
        operation.samples.contains { if case .none = $0.gradient { false } else { true } }
      }.map { $0.name })
    let excused = Set(Self.withoutCounterpart.keys)
    #expect(differentiable.subtracting(covered).subtracting(excused).sorted() == [], "neither compared nor excused")
    #expect(excused.intersection(covered).sorted() == [], "compared and excused")
    #expect(excused.subtracting(differentiable).sorted() == [], "excused, but not differentiable")
  }

  @Test(arguments: [ExecutorKind.reference, .vm]) func agreeWithPyTorch(_ executor: ExecutorKind) throws {
    let cases = try GradientGolden.all()
    #expect(cases.count > 200)
    var wrong: [String] = []
    for golden in cases { wrong += try golden.differences(executor) }
    #expect(wrong == [])
  }
}

/// One use of an operation, the loss sum(output * cotangent) over its outputs, and PyTorch's derivatives of that loss.
private struct GradientGolden {
  let name: String
  let operation: String
  private let attributes: JSONValue
  private let inputs: [HostTensor]
  /// One an output; nil for outputs that the loss leaves out.
  private let cotangents: [HostTensor?]
  /// Present where the first derivative is differentiated again, along these directions; one a float input.
  private let directions: [HostTensor]
  /// By the names of the outputs of `graph`.
  private let expected: [String: HostTensor]
  /// Relative to the largest element of a derivative, and to 1 if that is greater: draws are about 1.
  private let tolerance: Double

  static func all() throws -> [GradientGolden] {
    let tensors = try SafetensorsFile("\(TrainingGoldens.folder)/gradients.safetensors")
    let file = try JSONValue.read("\(TrainingGoldens.folder)/gradients.json").object()
    return try file.required("cases").array().map { try GradientGolden($0.object(), tensors) }
  }

  private init(_ entry: JSONObject, _ tensors: SafetensorsFile) throws {
    let label = try entry.required("name").string()
    func tensor(_ kind: String, _ index: Int) throws -> HostTensor { try tensors.tensor("\(label)/\(kind)\(index)") }
    name = label
    operation = try entry.required("op").string()
    attributes = try entry.required("attributes")
    tolerance = try entry.required("rtol").double()
    inputs = try (0..<entry.required("inputs").int()).map { try tensor("in", $0) }
    cotangents = try entry.required("cotangents").array().enumerated().map { index, isThere in
      try isThere.bool() ? tensor("cotangent", index) : nil
    }
    let places = inputs.filter(\.dtype.isFloat).indices
    let twice = try entry.required("second").bool()
    directions = try twice ? places.map { try tensor("direction", $0) } : []
    let names = places.map { "first\($0)" } + directions.indices.map { "second\($0)" }
    expected = try Dictionary(uniqueKeysWithValues: names.map { ($0, try tensors.tensor("\(label)/\($0)")) })
  }

  /// Gives the values of `expected`.
  private func graph() throws -> Graph {
    guard let type = OperationRegistry.standard.operation(named: operation) else {
      throw Diagnostic("no operation \(operation)")
    }
    let builder = GraphBuilder(name: name)
    let x = try inputs.enumerated().map { try builder.input("in\($0)", $1.type) }
    let results = try builder.append(type.decode(json: attributes, tensors: nil), x)
    var (outputs, seeds): ([ValueID], [ValueID]) = ([], [])
    for (index, cotangent) in cotangents.enumerated() {
      guard let cotangent else { continue }
      outputs.append(results[index])
      seeds.append(try builder.input("cotangent\(index)", cotangent.type))
    }
    let floats = x.filter { builder.type($0).dtype.isFloat }
    let first = try builder.vjp(outputs, cotangents: seeds, withRespectTo: floats)
    for (index, value) in first.enumerated() { try builder.output("first\(index)", value) }
    if directions.isEmpty { return builder.graph }
    let along = try directions.enumerated().map { try builder.input("direction\($0)", $1.type) }
    let second = try builder.vjp(first, cotangents: along, withRespectTo: floats)
    for (index, value) in second.enumerated() { try builder.output("second\(index)", value) }
    return builder.graph
  }

  func differences(_ executor: ExecutorKind) throws -> [String] {
    var point: [String: HostTensor] = [:]
    for (index, value) in inputs.enumerated() { point["in\(index)"] = value }
    for (index, value) in cotangents.enumerated() { point["cotangent\(index)"] = value }
    for (index, value) in directions.enumerated() { point["direction\(index)"] = value }
    let options = Session.Options(executor: executor, threads: 1)
    let found = try Session(graph(), ParameterStore(), options: options).step(point)
    return expected.keys.sorted().compactMap { difference($0, found[$0]) }
  }

  private func difference(_ key: String, _ found: HostTensor?) -> String? {
    guard let expected = expected[key], let found, found.type == expected.type else {
      return "\(name), \(key): \(found.map { "\($0.type)" } ?? "missing")"
    }
    let pairs = (0..<found.count).map { (found[linear: $0].asDouble, expected[linear: $0].asDouble) }
    let limit = tolerance * pairs.reduce(1) { max($0, abs($1.1)) }
    guard let worst = pairs.first(where: { !(abs($0.0 - $0.1) <= limit) }) else { return nil }
    return "\(name), \(key): \(worst.0), not \(worst.1)"
  }
}
