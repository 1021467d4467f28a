import JacquardCore
import JacquardIR
import JacquardKernels

/// A function with a gradient of its own: a node with two sub-graphs, forward and backward.
public struct CustomGradient: CompositeOperation {
  public static let name = "customGradient"
  public static let doc = OperationDoc(
    "A function given by one graph, with its gradient given by another.",
    formula: "y = forward(x); cotangents of the floating x = backward(x, y, cotangents of the floating y)",
    constraints: [
      "c1: there are two sub-graphs, forward and backward, without updates",
      "c2: forward's inputs have the operands' types",
      "c3: backward's inputs have the types of the operands, of the results, and of the floating results again",
      "c4: backward's outputs have the types of the floating operands",
    ],
    conventions: ["operands and results that are not floating have no cotangent"])

  public static let samples = [
    OperationSample(
      CustomGradient(), [.uniform("f64[3,4]", -2, 2), .uniform("f64[4]", -2, 2)], graphs: exampleGraphs,
      gradient: .secondOrder)
  ]
  public static let violations = [
    OperationViolation(1, CustomGradient(), ["f64[3,4]", "f64[4]"], graphs: forward),
    OperationViolation(2, CustomGradient(), ["f64[3,4]", "f64[3]"], graphs: exampleGraphs),
    OperationViolation(3, CustomGradient(), ["f64[3,4]", "f64[4]"], graphs: forward + forward),
    OperationViolation(4, CustomGradient(), ["f64[3,4]", "f64[4]"], graphs: forward + wrongBackward),
  ]

  /// The operation, which has no attributes.
  public init() {}

  /// The types that backward's inputs and outputs must have for operands and results of these types.
  static func backwardTypes(
    _ operands: [TensorType], _ results: [TensorType]
  ) -> (inputs: [TensorType], outputs: [TensorType]) {
    (operands + results + results.filter(\.dtype.isFloat), operands.filter(\.dtype.isFloat))
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    let graphs = context.graphs
    guard graphs.count == 2, graphs.allSatisfy(\.updates.isEmpty) else {
      throw violated(1, "needs two sub-graphs without updates, not \(graphs.count)")
    }
    try compare(graphs[0].inputs.map(\.type), context.inputs, 2, "forward's inputs")
    let results = graphs[0].outputs.map { graphs[0].type($0.value) }
    let wanted = CustomGradient.backwardTypes(context.inputs, results)
    try compare(graphs[1].inputs.map(\.type), wanted.inputs, 3, "backward's inputs")
    try compare(graphs[1].outputs.map { graphs[1].type($0.value) }, wanted.outputs, 4, "backward's outputs")
    return results
  }

  private func compare(_ have: [TensorType], _ want: [TensorType], _ constraint: Int, _ what: String) throws {
    if have != want {
      func list(_ types: [TensorType]) -> String { types.map(\.description).joined(separator: ", ") }
      throw violated(constraint, "\(what) have types (\(list(have))), not (\(list(want)))")
    }
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let builder = context.builder
    var operands = context.inputs + context.outputs
    for (output, cotangent) in zip(context.outputs, context.cotangents) where context.type(output).dtype.isFloat {
      operands.append(try cotangent ?? builder.fill(0, like: output))
    }
    var rest = try builder.inline(context.graphs[1], operands)[...]
    return .cotangents(
      context.inputs.map { input in
        guard context.type(input).dtype.isFloat, let value = rest.popFirst() else { return .zero }
        return .value(value)
      })
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    throw Diagnostic("\(Self.name) is expanded with its sub-graphs", kind: .internalError)
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID], graphs: [Graph]) throws -> [ValueID] {
    try builder.inline(graphs[0], inputs)
  }
}

// MARK: - Examples

extension CustomGradient {
  /// y = a * b with the true gradient.
  private static let exampleGraphs: [Graph] = (try? makeExample()) ?? []
  private static var forward: [Graph] { Array(exampleGraphs.prefix(1)) }
  /// A backward graph that gives one cotangent too few.
  private static let wrongBackward: [Graph] = (try? makeExample(full: false)).map { Array($0.suffix(1)) } ?? []

  private static func makeExample(full: Bool = true) throws -> [Graph] {
    let builder = GraphBuilder(name: "example")
    let (a, b) = (try builder.input("a", "f64[3,4]"), try builder.input("b", "f64[4]"))
    return try builder.gradientGraphs([a, b]) { builder, x in
      [try builder.multiply(x[0], x[1])]
    } backward: { builder, x, _, g in
      let left = try builder.multiply(g[0], x[1])
      let right = try builder.sum(builder.multiply(g[0], x[0]), axes: [0])
      return full ? [left, right] : [left]
    }
  }
}

// MARK: - Building

extension GraphBuilder {
  /// Builds a function of the operands and its gradient as sub-graphs.
  public typealias Forward = (GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID]
  /// Gives the cotangents of the floating inputs from those of the floating outputs.
  public typealias Backward =
    (GraphBuilder, _ inputs: [ValueID], _ outputs: [ValueID], _ cotangents: [ValueID]) throws -> [ValueID]

  /// Applies a function with a gradient of its own.
  public func customGradient(
    _ inputs: [ValueID], forward: Forward, backward: Backward
  ) throws -> [ValueID] {
    try append(CustomGradient(), inputs, graphs: gradientGraphs(inputs, forward: forward, backward: backward))
  }

  fileprivate func gradientGraphs(
    _ inputs: [ValueID], forward: Forward, backward: Backward
  ) throws -> [Graph] {
    let first = GraphBuilder(name: "forward", symbols: graph.symbols)
    let x = try first.inputs("x", inputs.map { type($0) })
    let y = try forward(first, x)
    try first.outputs("y", y)

    let second = GraphBuilder(name: "backward", symbols: graph.symbols)
    let results = y.map { first.type($0) }
    let operands = try second.inputs("x", inputs.map { type($0) })
    let outputs = try second.inputs("y", results)
    let cotangents = try second.inputs("g", results.filter(\.dtype.isFloat))
    try second.outputs("d", backward(second, operands, outputs, cotangents))
    return [first.graph, second.graph]
  }

  private func inputs(_ prefix: String, _ types: [TensorType]) throws -> [ValueID] {
    try types.enumerated().map { try input("\(prefix)\($0.offset)", $0.element) }
  }

  private func outputs(_ prefix: String, _ values: [ValueID]) throws {
    for (index, value) in values.enumerated() { try output("\(prefix)\(index)", value) }
  }
}

// MARK: - Batching

extension CustomGradient: BatchableOperation {
  /// Both graphs are mapped. The cotangent of an operand that the elements share is the sum of theirs.
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, graphs, size) = (context.builder, context.graphs, context.size)
    let flags = context.inputs.map(\.isBatched)
    let types = context.inputs.map { builder.type($0.value) }
    let forward = try builder.subGraph("forward", types) { inner, x in
      let operands = zip(x, flags).map { Batched($0, isBatched: $1) }
      return try context.map(inner, graphs[0], operands, size).map { try inner.batched($0, size) }
    }
    let results = forward.outputTypes
    let inputs = CustomGradient.backwardTypes(types, results).inputs
    let backward = try builder.subGraph("backward", inputs) { inner, x in
      let operands = x.enumerated().map { Batched($1, isBatched: $0 < flags.count ? flags[$0] : true) }
      let shared = zip(types, flags).filter(\.0.dtype.isFloat).map { !$1 }
      return try zip(context.map(inner, graphs[1], operands, size), shared).map { cotangent, isShared in
        let whole = try inner.batched(cotangent, size)
        return isShared ? try inner.sum(whole, axes: [0]) : whole
      }
    }
    return try builder.append(self, context.inputs.map(\.value), graphs: [forward, backward]).map { Batched($0) }
  }
}
