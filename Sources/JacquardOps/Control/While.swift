import JacquardCore
import JacquardIR
import JacquardKernels

/// A loop that a run-time condition ends.
///
/// Operands: the first `carried` ones are carried from trip to trip, the others are the same in every trip. Results: the
/// carried values when the loop ends.
public struct While: Operation {
  public static let name = "while"
  public static let doc = OperationDoc(
    "Runs a graph on carried values as long as a condition holds, and at most limit times.",
    formula: "for t in 0 ..< limit, while condition(c, k): c = body(c, k)",
    constraints: [
      "c1: 0 <= limit < 2^31; carried is not negative, and no more than the operands",
      "c2: there are two sub-graphs without updates, condition and body, whose inputs have the operands' types",
      "c3: the condition gives one bool[]",
      "c4: the body gives results of the types of the carried operands",
    ],
    conventions: ["the loop ends after limit trips even if the condition still holds"])

  public static let samples = While.makeSamples()
  public static let violations = While.makeViolations()

  /// The most trips; in 0 ..< 2^31.
  public var limit: Int
  /// How many of the first operands are carried from trip to trip.
  public var carried: Int

  /// The numbers are checked where types are inferred (c1).
  public init(limit: Int, carried: Int) {
    self.limit = limit
    self.carried = carried
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    guard limit >= 0, limit < 1 << 31 else { throw violated(1, "limit \(limit) is not in 0..<2^31") }
    guard (0...context.inputs.count).contains(carried) else {
      throw violated(1, "\(carried) carried operands of \(context.inputs.count)")
    }
    guard context.graphs.count == 2 else { throw violated(2, "takes two sub-graphs, not \(context.graphs.count)") }
    try requireInputs(context.graphs[0], context.inputs, 2, "the condition")
    try requireInputs(context.graphs[1], context.inputs, 2, "the body")
    try requireTypes(context.graphs[0].outputTypes, ["bool[]"], 3, "the condition's outputs")
    let results = Array(context.inputs.prefix(carried))
    try requireTypes(context.graphs[1].outputTypes, results, 4, "the body's outputs")
    return results
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .nonDifferentiable(
      "how many trips it takes is known only when it runs, so no memory can be set aside for what the "
        + "backward pass needs of each (use scan)")
  }

  public func lower(_ context: LoweringContext) throws {
    let predicate = context.buffer("\(Self.name).predicate", .bool, [], node: context.node)
    let constants = context.inputs.dropFirst(carried).map { Control.Binding($0) }
    let asked = context.outputs.map { Control.Binding($0) } + constants
    let changed = context.outputs.map { Control.Binding($0, isWritten: true) } + constants
    let condition = try context.program(context.graphs[0].step(carried: 0))
    let body = try context.program(context.graphs[1].step(carried: carried))
    let branches = [
      Control.Branch(program: condition, bindings: asked + [Control.Binding(predicate, isWritten: true)]),
      Control.Branch(program: body, bindings: changed),
    ]
    let starts = (0..<carried).map { Control.Start(from: context.inputs[$0], to: context.outputs[$0]) }
    context.emit(
      Self.name,
      .control(Control(kind: .whileLoop(limit: limit), predicate: predicate, starts: starts, branches: branches)))
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    var carries = Array(context.inputs.prefix(carried))
    let constants = context.inputs.dropFirst(carried)
    for _ in 0..<limit {
      guard try context.graphs[0].outputs(of: carries + constants, context.observer)[0][linear: 0].asDouble != 0 else {
        break
      }
      carries = try context.graphs[1].outputs(of: carries + constants, context.observer)
    }
    return carries
  }
}

// MARK: - Samples

extension While {
  private static func makeSamples() -> [OperationSample] {
    // Doubles until the sum is large.
    let condition: GraphBuilder.Body = { b, x in [try b.less(b.sum(x[0], axes: [0]), x[1])] }
    let body: GraphBuilder.Body = { b, x in [try b.add(x[0], x[0])] }
    let counting: [TensorType] = ["i32[]", "f32[2,3]", "f32[3,3]", "i32[]"]
    let isBelow: GraphBuilder.Body = { b, x in [try b.less(x[0], x[3])] }
    let power: GraphBuilder.Body = { b, x in [try b.add(x[0], b.constant(1, .i32)), try b.matmul(x[1], x[2])] }
    guard let doubling = try? graphs(["f32[4]", "f32[]"], condition, body),
      let powers = try? graphs(counting, isBelow, power)
    else { return [] }
    let reason = "a while loop has no gradient"
    return [
      OperationSample(
        While(limit: 100, carried: 1), [.uniform("f32[4]", 1, 2), .uniform("f32[]", 50, 60)], graphs: doubling,
        gradient: .none(reason: reason)),
      OperationSample(
        While(limit: 2, carried: 1), [.uniform("f32[4]", 1, 2), .uniform("f32[]", 50, 60)], graphs: doubling,
        gradient: .none(reason: reason)),
      OperationSample(
        While(limit: 100, carried: 2),
        [
          .integers(counting[0], 0, 1), .uniform(counting[1], -1, 1), .uniform(counting[2], -1, 1),
          .integers(counting[3], 4, 5),
        ], graphs: powers, gradient: .none(reason: reason), ulps: 64),
    ]
  }

  private static func makeViolations() -> [OperationViolation] {
    let types: [TensorType] = ["f32[3]"]
    let holds: GraphBuilder.Body = { b, x in [try b.less(b.sum(x[0], axes: [0]), b.constant(9, .f32))] }
    let sum: GraphBuilder.Body = { b, x in [try b.sum(x[0], axes: [0])] }
    let same: GraphBuilder.Body = { b, x in [try b.negate(x[0])] }
    guard let good = try? graphs(types, holds, same), let bad = try? graphs(types, sum, sum) else { return [] }
    return [
      OperationViolation(1, While(limit: -1, carried: 1), types, graphs: good),
      OperationViolation(1, While(limit: 1 << 31, carried: 1), types, graphs: good),
      OperationViolation(1, While(limit: 4, carried: 2), types, graphs: good),
      OperationViolation(2, While(limit: 4, carried: 1), types, graphs: [good[0]]),
      OperationViolation(2, While(limit: 4, carried: 1), ["f32[4]"], graphs: good),
      OperationViolation(3, While(limit: 4, carried: 1), types, graphs: [bad[0], good[1]]),
      OperationViolation(4, While(limit: 4, carried: 1), types, graphs: [good[0], bad[1]]),
    ]
  }

  private static func graphs(
    _ types: [TensorType], _ condition: GraphBuilder.Body, _ body: GraphBuilder.Body
  ) throws -> [Graph] {
    let builder = GraphBuilder(name: "while")
    return [try builder.subGraph("condition", types, condition), try builder.subGraph("body", types, body)]
  }
}

// MARK: - Building

extension GraphBuilder {
  /// Runs a body on carried values while a condition of them holds, and at most `limit` times.
  ///
  /// - Parameters:
  ///   - constants: values that are the same in every trip.
  ///   - condition: gives a `bool[]` from carried values and constants.
  ///   - body: gives the next carried values from carried values and constants.
  public func whileLoop(
    _ carries: [ValueID], constants: [ValueID] = [], limit: Int, condition: (GraphBuilder, [ValueID]) throws -> ValueID,
    body: Body
  ) throws -> [ValueID] {
    let types = (carries + constants).map { type($0) }
    let graphs = [
      try subGraph("condition", types) { [try condition($0, $1)] }, try subGraph("body", types, body),
    ]
    return try append(While(limit: limit, carried: carries.count), carries + constants, graphs: graphs)
  }
}

// MARK: - Batching

extension While: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let flags = try context.carriedFlags(context.graphs[1], context.inputs.map(\.isBatched), carried: carried)
    let condition = try context.subGraph(context.graphs[0], flags)
    if condition.isBatched[0] {
      throw Diagnostic(
        "\(Self.name): the condition differs from element to element of the batch; let all take the same number of trips"
      )
    }
    let body = try context.subGraph(context.graphs[1], flags, outputs: flags).graph
    let operands = try context.inputs.indices.map { flags[$0] ? try context.batched($0) : context.inputs[$0].value }
    let results = try context.builder.append(self, operands, graphs: [condition.graph, body])
    return zip(results, flags).map { Batched($0, isBatched: $1) }
  }
}
