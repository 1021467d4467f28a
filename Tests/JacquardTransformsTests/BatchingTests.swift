import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

/// `vmap` of every operation, from its own samples: each slice of the batch against the operation on that element alone.
@Suite struct BatchingTests {
  static let operations = OperationRegistry.standard.operations.map { $0.name }
  private static let size = 3
  /// What a batch that decides the flow of control is refused by.
  private static let refusals = ["cond", "while"]

  @Test(arguments: operations) func everyElementIsComputedAsAlone(_ name: String) throws {
    let operation = try #require(OperationRegistry.standard.operation(named: name))
    for (index, sample) in operation.samples.enumerated() where !sample.inputs.isEmpty {
      let trial = try BatchTrial(sample, size: Self.size, seed: index + 1)
      if trial.isLarge { continue }
      for isBatched in trial.choices {
        let message = try trial.difference(isBatched, refused: Self.refusals.contains(name))
        #expect(message == nil, "\(name) sample \(index), batched \(isBatched): \(message ?? "")")
      }
    }
  }

  @Test func axesAndSymbolsMayBeChosen() throws {
    let graph = try graph([("x", "f64[4]"), ("y", "f64[]")]) { b, x in try b.multiply(x[0], x[1]) }
    let mapped = try graph.vmap(["x": 1, "y": 0], size: .symbol("B"), out: ["y": 1])
    #expect(mapped.inputs.map(\.type) == ["f64[4,B]", "f64[B]"])
    #expect(mapped.output(named: "y").map { mapped.type($0.value) } == "f64[4,B]")
    let shared = try graph.vmap(["y": 0], size: 2)
    #expect(shared.inputs.map(\.type) == ["f64[4]", "f64[2]"])
    let twice = try graph.vmap(["x": 0], size: 2).vmap(["y": 0], size: 5)
    #expect(twice.output(named: "y").map { twice.type($0.value) } == "f64[5,2,4]")
  }

  @Test func anUpdateOfWhatIsSharedIsRefused() throws {
    let builder = GraphBuilder(name: "step")
    let w = try builder.input(Input(name: "w", type: "f64[2]", role: .state))
    try builder.update("w", builder.add(w, builder.input("x", "f64[2]")))
    #expect(throws: Diagnostic.self) { try builder.graph.vmap(["x": 0], size: 3) }
    let both = try builder.graph.vmap(["x": 0, "w": 0], size: 3)
    #expect(both.updates.map { both.type($0.value) } == ["f64[3,2]"])
  }

  @Test func mistakesAreNamed() throws {
    let graph = try graph([("x", "f64[4]")]) { b, x in try b.exp(x[0]) }
    let cases: [(axes: [String: Int], out: [String: Int], text: String)] = [
      (["z": 0], [:], "no input is named 'z'"), (["x": 0], ["z": 0], "no output is named 'z'"),
      (["x": 2], [:], "no axis 2 in input 'x'"), (["x": -1], [:], "no axis -1 in input 'x'"),
      (["x": 0], ["y": 3], "no axis 3 in output 'y'"),
    ]
    for entry in cases {
      let error = #expect(throws: Diagnostic.self) { try graph.vmap(entry.axes, size: 2, out: entry.out) }
      #expect(error?.description.contains(entry.text) ?? false, "\(entry.text): \(error?.description ?? "")")
    }
  }

  @Test func anOperationWithoutARuleIsNamedWithItsLine() throws {
    let builder = GraphBuilder(name: "test")
    let x = try builder.input("x", "f64[4]")
    builder.origins = [Origin(site: SourceSite(file: "Mine/Model.swift", line: 7))]
    try builder.output("y", builder.apply(Unbatched(), x))
    let error = #expect(throws: Diagnostic.self) { try builder.graph.vmap(["x": 0], size: 2) }
    let text = error?.description ?? ""
    #expect(text.contains("unbatched has no batching rule") && text.contains("Mine/Model.swift:7"), "\(text)")
  }

  @Test func whatIsSharedIsComputedOnce() throws {
    let graph = try graph([("x", "f64[4]"), ("w", "f64[4,4]")]) { b, x in
      try b.dot(x[0], b.exp(x[1]), lhsContracting: [0])
    }
    let mapped = try graph.vmap(["x": 0], size: 7)
    let exponentials = mapped.nodes.filter { $0.operation is Exp }.map { mapped.type($0.results[0]) }
    #expect(exponentials == ["f64[4,4]"])
    #expect(mapped.count("dot") == 1 && mapped.count("broadcast") == 0, "one product of all rows")
  }
}

/// Has no batching rule, and no decomposition.
private struct Unbatched: Operation {
  static let name = "unbatched"
  static let doc = OperationDoc("For a test.", formula: "x")
  static let samples: [OperationSample] = []
  static let violations: [OperationViolation] = []
  func inferTypes(_ context: TypeContext) throws -> [TensorType] { context.inputs }
  func gradient(_ context: GradientContext) throws -> Gradient { .nonDifferentiable("a test") }
  func lower(_ context: LoweringContext) throws {}
  func reference(_ context: ReferenceContext) throws -> [HostTensor] { context.inputs }
}

/// A sample with several values for each operand.
private struct BatchTrial {
  private let graph: Graph
  private let size: Int
  /// For each operand as many values as there are elements.
  private let values: [[HostTensor]]
  private let tolerance: Double

  init(_ sample: OperationSample, size: Int, seed: Int) throws {
    self.size = size
    var random = Random(seed)
    let isTyped = !sample.graphs.isEmpty
    values = try sample.inputs.map { input in
      try (0..<size).map { _ in
        let value = try random.value(input)
        return isTyped ? try value.cast(to: input.type.dtype) : value
      }
    }
    tolerance = isTyped ? 1e-4 : 1e-9
    let builder = GraphBuilder(name: "sample")
    let inputs = try values.enumerated().map { try builder.input("x\($0)", $1[0].type) }
    let results = try builder.append(sample.operation, inputs, graphs: sample.graphs)
    for (index, value) in results.enumerated() { try builder.output("y\(index)", value) }
    graph = builder.graph
  }

  /// The reference would take long.
  var isLarge: Bool { values.contains { $0[0].count > 4096 } }

  /// All operands, and each one alone.
  var choices: [[Bool]] {
    let all = [Bool](repeating: true, count: values.count)
    return values.count == 1 ? [all] : [all] + all.indices.map { one in all.indices.map { $0 == one } }
  }

  /// What is wrong; nil if nothing is.
  func difference(_ isBatched: [Bool], refused: Bool) throws -> String? {
    let axes = isBatched.indices.filter { isBatched[$0] }.map { ("x\($0)", 0) }
    let mapped: Graph
    do {
      mapped = try graph.vmap(Dictionary(uniqueKeysWithValues: axes), size: .symbol("B")).binding(["B": size])
    } catch let error as Diagnostic {
      return refused && error.description.contains("differs from element to element") ? nil : "\(error)"
    }
    var point: [String: HostTensor] = [:]
    for (index, tensors) in values.enumerated() {
      point["x\(index)"] = isBatched[index] ? try HostTensor(stacking: tensors) : tensors[0]
    }
    let found = try mapped.evaluate(point).outputs
    for element in 0..<size {
      for (index, tensors) in values.enumerated() { point["x\(index)"] = tensors[isBatched[index] ? element : 0] }
      for (name, expected) in try graph.evaluate(point).outputs {
        guard let whole = found[name], whole.sizes == [size] + expected.sizes else {
          return "\(name) has another shape"
        }
        for place in 0..<expected.count {
          let (a, b) = (whole[linear: element * expected.count + place].asDouble, expected[linear: place].asDouble)
          let isClose = a == b || a.isNaN && b.isNaN || abs(a - b) <= tolerance * max(1, abs(b))
          if !isClose { return "\(name), element \(element), place \(place): \(a), alone \(b)" }
        }
      }
    }
    return nil
  }
}

extension HostTensor {
  /// Tensors of one type behind one another along a new first axis.
  init(stacking tensors: [HostTensor]) throws {
    let all = tensors.flatMap { tensor in (0..<tensor.count).map { tensor[linear: $0] } }
    self = try HostTensor(tensors[0].dtype, [tensors.count] + tensors[0].sizes, all)
  }

  fileprivate func cast(to dtype: DType) throws -> HostTensor {
    try HostTensor(dtype, sizes, (0..<count).map { self[linear: $0].converted(to: dtype) })
  }
}
