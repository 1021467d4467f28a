import JacquardCore
import JacquardIR
import JacquardKernels

/// One of two graphs, as a run-time value decides.
public struct Cond: Operation {
  public static let name = "cond"
  public static let doc = OperationDoc(
    "Runs one of two graphs.", formula: "y = p ? then(x) : else(x), for operands p, x",
    constraints: [
      "c1: the first operand is a predicate bool[]",
      "c2: there are two sub-graphs without updates, whose inputs have the types of the other operands",
      "c3: both give results of the same types",
    ],
    conventions: ["only the chosen graph runs; its gradient is the cond of the gradients"])

  public static let samples = Cond.makeSamples()
  public static let violations = Cond.makeViolations()

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    guard let predicate = context.inputs.first, predicate.dtype == .bool, predicate.shape.rank == 0 else {
      throw violated(1, "the first operand must be bool[], not \(context.inputs.first?.description ?? "missing")")
    }
    guard context.graphs.count == 2 else { throw violated(2, "takes two sub-graphs, not \(context.graphs.count)") }
    let types = Array(context.inputs.dropFirst())
    try requireInputs(context.graphs[0], types, 2, "the first sub-graph")
    try requireInputs(context.graphs[1], types, 2, "the second sub-graph")
    let results = context.graphs[0].outputTypes
    try requireTypes(context.graphs[1].outputTypes, results, 3, "the second sub-graph's outputs")
    return results
  }

  public func lower(_ context: LoweringContext) throws {
    let operands = context.inputs.dropFirst().map { Control.Binding($0) }
    let results = context.outputs.map { Control.Binding($0, isWritten: true) }
    let branches = try context.graphs.map { graph in
      Control.Branch(program: context.program(try graph.step(carried: 0)), bindings: operands + results)
    }
    context.emit(Self.name, .control(Control(kind: .cond, predicate: context.inputs[0], branches: branches)))
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let holds = context.inputs[0][linear: 0].asDouble != 0
    return try context.graphs[holds ? 0 : 1].outputs(of: Array(context.inputs.dropFirst()), context.observer)
  }

  // MARK: Gradient

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let operands = Array(context.inputs.dropFirst())
    let wanted = operands.indices.filter { context.needed[$0 + 1] }
    let given = context.cotangents.indices.filter { context.cotangents[$0] != nil }
    let cotangents = given.compactMap { context.cotangents[$0] }
    let types = (operands + cotangents).map { context.type($0) }
    let graphs = try context.graphs.map { graph in
      try context.builder.subGraph("backward", types) { builder, x in
        let outputs = try builder.inline(graph, Array(x.prefix(operands.count)))
        let found = try context.pullback(
          builder, given.map { outputs[$0] }, Array(x.dropFirst(operands.count)), wanted.map { x[$0] })
        return try zip(wanted, found).map { index, value in try value ?? builder.fill(0, like: x[index]) }
      }
    }
    // The cotangent of what a branch ignores must not count as an operand: forward mode leaves it without a value.
    let used = graphs.reduce(into: Set<Int>()) { $0.formUnion($1.usedInputs()) }.sorted()
    let results = try context.builder.append(
      Cond(), [context.inputs[0]] + used.map { (operands + cotangents)[$0] },
      graphs: graphs.map { try $0.selecting(inputs: used) })
    var answers = [Cotangent](repeating: .zero, count: context.inputs.count)
    for (index, value) in zip(wanted, results) { answers[index + 1] = .value(value) }
    return .cotangents(answers)
  }
}

// MARK: - Samples

extension Cond {
  private static func makeSamples() -> [OperationSample] {
    let types: [TensorType] = ["f64[2,3]", "f64[3]"]
    let mixed: [TensorType] = ["f32[4,5]", "i32[3]"]
    guard
      let smooth = try? graphs(
        types,
        [
          { b, x in [try b.multiply(b.sin(x[0]), x[1]), x[1]] },
          { b, x in [try b.exp(x[0]), try b.multiply(x[1], x[1])] },
        ]),
      let other = try? graphs(
        mixed,
        [
          { b, x in [try b.gather(x[0], x[1], axis: 0)] },
          { b, x in [try b.slice(b.negate(x[0]), starts: [0, 0], limits: [3, 5])] },
        ])
    else { return [] }
    return [0, 1].flatMap { predicate in
      let first = OperationSample.Input.integers("bool[]", predicate, predicate + 1)
      return [
        OperationSample(Cond(), [first] + types.map { .uniform($0, -1, 1) }, graphs: smooth),
        OperationSample(
          Cond(), [first, .uniform(mixed[0], -1, 1), .integers(mixed[1], 0, 4)], graphs: other,
          gradient: .none(reason: "the sub-graphs are not in f64")),
      ]
    }
  }

  private static func makeViolations() -> [OperationViolation] {
    guard
      let graphs = try? graphs(["f32[3]"], [{ b, x in [try b.exp(x[0])] }, { b, x in [try b.sum(x[0], axes: [0])] }])
    else { return [] }
    return [
      OperationViolation(1, Cond(), ["f32[]", "f32[3]"], graphs: [graphs[0], graphs[0]]),
      OperationViolation(1, Cond(), [], graphs: [graphs[0], graphs[0]]),
      OperationViolation(2, Cond(), ["bool[]", "f32[3]"], graphs: [graphs[0]]),
      OperationViolation(2, Cond(), ["bool[]", "f32[4]"], graphs: [graphs[0], graphs[0]]),
      OperationViolation(3, Cond(), ["bool[]", "f32[3]"], graphs: graphs),
    ]
  }

  private static func graphs(
    _ types: [TensorType], _ bodies: [GraphBuilder.Body]
  ) throws -> [Graph] {
    try bodies.map { try GraphBuilder(name: "cond").subGraph("branch", types, $0) }
  }
}

// MARK: - Building

extension GraphBuilder {
  /// Gives the results of one of two closures of the operands, as a predicate `bool[]` decides.
  public func cond(
    _ predicate: ValueID, _ operands: [ValueID], then: Body, else other: Body
  ) throws -> [ValueID] {
    let types = operands.map { type($0) }
    let graphs = [try subGraph("then", types, then), try subGraph("else", types, other)]
    return try append(Cond(), [predicate] + operands, graphs: graphs)
  }
}

// MARK: - Batching

extension Cond: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    if context.inputs[0].isBatched {
      throw Diagnostic(
        "\(Self.name): the predicate differs from element to element of the batch; compute both values and use select")
    }
    let flags = context.inputs.dropFirst().map(\.isBatched)
    let found = try context.graphs.map { try context.subGraph($0, flags).isBatched }
    let outputs = zip(found[0], found[1]).map { $0 || $1 }
    let graphs = try context.graphs.map { try context.subGraph($0, flags, outputs: outputs).graph }
    let results = try context.builder.append(self, context.inputs.map(\.value), graphs: graphs)
    return zip(results, outputs).map { Batched($0, isBatched: $1) }
  }
}
