import JacquardCore
import JacquardIR
import JacquardKernels

/// A loop of a known number of trips over slices of arrays, with carried values.
///
/// Operands: the first `carried` ones are carried from trip to trip, the next `scanned` ones are cut along their first axis,
/// the others are the same in every trip. Results: the carried values after the last trip, then what each trip gives,
/// stacked.
public struct Scan: Operation {
  public static let name = "scan"
  public static let defaults = [AttributeField("reverse", .bool(false))]
  public static let doc = OperationDoc(
    "Runs a graph once for each slice of its scanned operands, handing carried values on from trip to trip.",
    formula: "(c[t+1], y[t]) = body(c[t], x[t], k) for t = 0 ..< length; results: c[length], y",
    constraints: [
      "c1: 0 <= length < 2^31; carried and scanned are not negative, and no more than the operands",
      "c2: there is one sub-graph without updates; its inputs have the types of the carried operands, of the slices of "
        + "the scanned ones, and of the others",
      "c3: the first axis of each scanned operand has the size of length",
      "c4: the sub-graph's first outputs have the types of the carried operands",
    ],
    conventions: [
      "reverse: trips go from the last slice to the first; stacked results stay in the order of the slices",
      "the gradient keeps the carried values of every trip, and computes the trip a second time",
    ])

  public static let samples = Scan.makeSamples()
  public static let violations = Scan.makeViolations()

  /// The number of trips; in 0 ..< 2^31 where it is a number.
  public var length: Dim
  /// How many of the first operands are carried from trip to trip.
  public var carried: Int
  /// How many of the operands after those are cut along their first axis.
  public var scanned: Int
  /// Whether trips go from the last slice to the first.
  public var reverse: Bool

  /// The numbers are checked where types are inferred (c1).
  public init(length: Dim, carried: Int, scanned: Int, reverse: Bool = false) {
    self.length = length
    self.carried = carried
    self.scanned = scanned
    self.reverse = reverse
  }

  // MARK: Types

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    let operands = context.inputs
    if length.isCertainlyNegative || length.value.map({ $0 >= 1 << 31 }) ?? false {
      throw violated(1, "length \(length) is not in 0..<2^31")
    }
    guard carried >= 0, scanned >= 0, carried <= operands.count, scanned <= operands.count - carried else {
      throw violated(1, "\(carried) carried and \(scanned) scanned operands of \(operands.count)")
    }
    guard context.graphs.count == 1 else { throw violated(2, "takes one sub-graph, not \(context.graphs.count)") }
    let body = context.graphs[0]
    try requireInputs(body, try slices(operands), 2, "the sub-graph")
    let outputs = body.outputTypes
    try requireTypes(Array(outputs.prefix(carried)), Array(operands.prefix(carried)), 4, "the first outputs")
    return Array(outputs.prefix(carried))
      + outputs.dropFirst(carried).map { TensorType($0.dtype, Shape([length] + $0.shape.dims)) }
  }

  /// The types that one trip sees.
  private func slices(_ operands: [TensorType]) throws -> [TensorType] {
    try operands.enumerated().map { index, type in
      guard (carried..<carried + scanned).contains(index) else { return type }
      guard type.shape.rank > 0, type.shape[0] == length else {
        throw violated(3, "the scanned operand \(type) is not cut into \(length) slices")
      }
      return type.slice
    }
  }

  // MARK: Lowering

  public func lower(_ context: LoweringContext) throws {
    let body = context.graphs[0]
    guard let trips = length.value else { throw Diagnostic("length \(length) has no size") }
    var bindings = context.inputs.enumerated().map { index, buffer in
      index < carried
        ? Control.Binding(context.outputs[index], isWritten: true)
        : Control.Binding(buffer, isStepped: index < carried + scanned)
    }
    bindings += context.outputs.dropFirst(carried).map { Control.Binding($0, isStepped: true, isWritten: true) }
    let branch = Control.Branch(program: context.program(try body.step(carried: carried)), bindings: bindings)
    let starts = (0..<carried).map { Control.Start(from: context.inputs[$0], to: context.outputs[$0]) }
    context.emit(
      Self.name,
      .control(Control(kind: .scan(length: trips, isReversed: reverse), starts: starts, branches: [branch])))
  }

  // MARK: Reference

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let body = context.graphs[0]
    var carries = Array(context.inputs.prefix(carried))
    let constants = context.inputs.dropFirst(carried + scanned)
    var stacked = try context.outputs.dropFirst(carried).map { try HostTensor(zeros: $0.dtype, $0.shape.sizes ?? []) }
    let trips = length.value ?? 0
    for trip in 0..<trips {
      let position = reverse ? trips - 1 - trip : trip
      let slices = try context.inputs[carried..<carried + scanned].map { try $0.slice(position) }
      let results = try body.outputs(of: carries + slices + constants, context.observer)
      carries = Array(results.prefix(carried))
      for (index, result) in results.dropFirst(carried).enumerated() { stacked[index].set(position, to: result) }
    }
    return carries + stacked
  }
}

extension TensorType {
  /// The type of one element of the first axis.
  var slice: TensorType { TensorType(dtype, Shape(Array(shape.dims.dropFirst()))) }
}

extension HostTensor {
  /// One element of the first axis.
  fileprivate func slice(_ position: Int) throws -> HostTensor {
    var result = try HostTensor(zeros: dtype, Array(sizes.dropFirst()))
    let size = result.byteCount
    withUnsafeBytes { source in
      result.withUnsafeMutableBytes { $0.copyBytes(from: source[position * size..<(position + 1) * size]) }
    }
    return result
  }

  /// Replaces one element of the first axis.
  fileprivate mutating func set(_ position: Int, to slice: HostTensor) {
    let size = slice.byteCount
    withUnsafeMutableBytes { target in
      slice.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: target[position * size..<(position + 1) * size]).copyBytes(from: source)
      }
    }
  }
}

// MARK: - Gradient

extension Scan {
  /// A scan over the same slices the other way round: it carries the cotangents of the carried values and the sums of those of
  /// the constants, and computes each trip again from the carried values that were saved before it.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    let builder = context.builder
    let floats = (0..<carried).filter { context.type(context.inputs[$0]).dtype.isFloat }
    let constants = (carried + scanned..<context.inputs.count).filter { context.needed[$0] }
    var back = BackwardBody(in: builder)
    let sums = try floats.map { index in
      try back.input(context.type(context.inputs[index]), for: start(context, index))
    }
    let totals = try constants.map { index in
      try back.input(context.type(context.inputs[index]), for: builder.fill(0, like: context.inputs[index]))
    }
    let trip = try backwardTrip(context, &back, floats: floats, sums: sums)
    let wanted = (carried..<carried + scanned).filter { context.needed[$0] }
    let found = try context.pullback(
      back.builder, trip.outputs, trip.cotangents, (floats + constants + wanted).map { trip.inputs[$0] })
    return try assemble(context, back, found, (floats, constants, wanted), totals, trip)
  }

  private func start(_ context: GradientContext, _ index: Int) throws -> ValueID {
    try context.cotangents[index] ?? context.builder.fill(0, like: context.inputs[index])
  }

  /// One trip of the backward scan.
  private struct Trip {
    var inputs: [ValueID] = []
    var outputs: [ValueID] = []
    var cotangents: [ValueID] = []
    /// Scanned operands of the backward scan.
    var scanned = 0
  }

  private func backwardTrip(
    _ context: GradientContext, _ back: inout BackwardBody, floats: [Int], sums: [ValueID]
  ) throws -> Trip {
    let body = context.graphs[0]
    var trip = Trip()
    for (index, operand) in try (savedCarries(context) + context.inputs.dropFirst(carried)).enumerated() {
      trip.inputs.append(try back.input(body.inputs[index].type, for: operand))
    }
    let outputs = try back.builder.inline(body, trip.inputs)
    trip.outputs = floats.map { outputs[$0] }
    trip.cotangents = sums
    for index in carried..<outputs.count {
      guard let cotangent = context.cotangents[index] else { continue }
      trip.outputs.append(outputs[index])
      trip.cotangents.append(try back.input(back.builder.type(outputs[index]), for: cotangent))
    }
    return trip
  }

  /// The carried values before each trip, stacked.
  private func savedCarries(_ context: GradientContext) throws -> [ValueID] {
    let body = context.graphs[0]
    let carries = body.inputValues.prefix(carried)
    let stacked = body.outputs.indices.dropFirst(carried)
    let missing = carries.filter { carry in !stacked.contains { body.outputs[$0].value == carry } }
    if missing.isEmpty && carried == 0 { return [] }
    let full = missing.isEmpty ? body : try body.adding(outputs: missing)
    let results =
      missing.isEmpty ? context.outputs : try context.builder.append(self, context.inputs, graphs: [full])
    return carries.compactMap { carry in
      full.outputs.indices.dropFirst(carried).first { full.outputs[$0].value == carry }.map { results[$0] }
    }
  }

  private func assemble(
    _ context: GradientContext, _ back: BackwardBody, _ found: [ValueID?],
    _ operands: (floats: [Int], constants: [Int], wanted: [Int]), _ totals: [ValueID], _ trip: Trip
  ) throws -> Gradient {
    let inner = back.builder
    var outputs: [ValueID] = []
    for (position, index) in operands.floats.enumerated() {
      outputs.append(try found[position] ?? inner.fill(0, like: trip.inputs[index]))
    }
    let first = operands.floats.count
    for (position, total) in totals.enumerated() {
      outputs.append(try found[first + position].map { try inner.add(total, $0) } ?? total)
    }
    let carries = outputs.count
    var reached: [Int] = []
    for (index, value) in zip(operands.wanted, found.dropFirst(carries)) {
      guard let value else { continue }
      reached.append(index)
      outputs.append(value)
    }
    for (index, value) in outputs.enumerated() { try inner.output("y\(index)", value) }
    let order = backwardOrder(inner.graph, context, carries: carries)
    let scan = Scan(
      length: length, carried: carries, scanned: order.scanned.count, reverse: !reverse)
    let used = Array(0..<carries) + order.scanned + order.constants
    let results = try context.builder.append(
      scan, used.map { back.operands[$0] }, graphs: [inner.graph.selecting(inputs: used)])
    var answers = [Cotangent](repeating: .zero, count: context.inputs.count)
    for (index, value) in zip(operands.floats + operands.constants + reached, results) {
      answers[index] = .value(value)
    }
    return .cotangents(answers)
  }

  /// The inputs of a backward trip that are used, beside the carried ones: saved values, slices and cotangents; constants.
  private func backwardOrder(
    _ graph: Graph, _ context: GradientContext, carries: Int
  ) -> (scanned: [Int], constants: [Int]) {
    let used = graph.usedInputs()
    let constants = carries + carried + scanned..<carries + context.inputs.count
    let left = (carries..<graph.inputs.count).filter(used.contains)
    return (left.filter { !constants.contains($0) }, left.filter(constants.contains))
  }
}

/// The graph of a backward trip under construction. Its inputs stand for operands of the outer graph.
private struct BackwardBody {
  let builder: GraphBuilder
  private(set) var operands: [ValueID] = []

  init(in outer: GraphBuilder) { builder = GraphBuilder(name: "backward", symbols: outer.graph.symbols) }

  mutating func input(_ type: TensorType, for operand: ValueID) throws -> ValueID {
    operands.append(operand)
    return try builder.input("x\(operands.count - 1)", type)
  }
}

// MARK: - Samples

extension Scan {
  private static func makeSamples() -> [OperationSample] {
    let linear: GraphBuilder.ScanBody = { b, c, x, k in
      let next = try b.tanh(b.add(b.multiply(c[0], k[0]), x[0]))
      return ([next], [try b.multiply(next, x[0])])
    }
    let recurrent: GraphBuilder.ScanBody = { b, c, x, k in
      let next = try b.tanh(b.add(b.matmul(c[0], k[0]), x[0]))
      return ([next, try b.add(c[1], b.constant(1, .i32))], [next])
    }
    return [
      sample(["f64[3]"], ["f64[4,3]"], ["f64[3]"], linear),
      sample(["f64[3]"], ["f64[5,3]"], ["f64[3]"], reverse: true, linear),
      sample(["f64[2,3]", "f64[]"], ["f64[3,2,3]"], ["f64[3,3]"]) { b, c, x, k in
        let next = try b.sin(b.add(b.matmul(c[0], k[0]), x[0]))
        return ([next, try b.add(c[1], b.sum(next, axes: [0, 1]))], [c[1]])
      },
      sample([], ["f64[4,2]"], ["f64[2]"]) { b, _, x, k in ([], [try b.exp(b.multiply(x[0], k[0]))]) },
      sample(["f64[2]"], [], ["f64[2]"], length: 3) { b, c, _, k in ([try b.multiply(c[0], k[0])], []) },
      sample(["f32[4,8]", "i32[]"], ["f32[6,4,8]"], ["f32[8,8]"], recurrent),
      // Two values that change places: neither may be overwritten before it is read.
      sample(["f32[5]", "f32[5]"], [], [], length: 3) { b, c, _, _ in
        ([c[1], try b.add(c[0], c[1])], [c[0], c[0]])
      },
      sample(["f32[2]"], ["f32[0,2]"], []) { b, c, x, _ in ([try b.add(c[0], x[0])], [c[0]]) },
    ].compactMap { $0 }
  }

  private static func sample(
    _ carries: [TensorType], _ inputs: [TensorType], _ constants: [TensorType], length: Int? = nil,
    reverse: Bool = false, _ body: GraphBuilder.ScanBody
  ) -> OperationSample? {
    guard let graph = try? bodyGraph(carries, inputs.map(\.slice), constants, body) else { return nil }
    let trips = length.map { Dim($0) } ?? inputs.first?.shape[0] ?? 0
    let types = carries + inputs + constants
    let isDouble = types.allSatisfy { $0.dtype == .f64 }
    return OperationSample(
      Scan(length: trips, carried: carries.count, scanned: inputs.count, reverse: reverse),
      types.map { $0.dtype.isFloat ? .uniform($0, -1, 1) : .integers($0, 0, 5) }, graphs: [graph],
      gradient: isDouble ? .secondOrder : .none(reason: "the sub-graph is not in f64"), ulps: 512)
  }

  private static func bodyGraph(
    _ carries: [TensorType], _ slices: [TensorType], _ constants: [TensorType], _ body: GraphBuilder.ScanBody
  ) throws -> Graph {
    try GraphBuilder(name: "scan").scanBody(carries, slices, constants, body)
  }

  private static func makeViolations() -> [OperationViolation] {
    let types: [TensorType] = ["f32[3]", "f32[4,3]"]
    let sums = (try? bodyGraph(["f32[3]"], ["f32[3]"], []) { b, c, x, _ in ([try b.add(c[0], x[0])], []) })
    let wide = (try? bodyGraph(["f32[3]"], ["f32[3]"], []) { b, c, x, _ in ([try b.cast(c[0], .f64)], []) })
    guard let sums, let wide else { return [] }
    return [
      OperationViolation(1, Scan(length: -1, carried: 1, scanned: 1), types, graphs: [sums]),
      OperationViolation(1, Scan(length: 4, carried: 1, scanned: 2), types, graphs: [sums]),
      OperationViolation(1, Scan(length: 4, carried: -1, scanned: 1), types, graphs: [sums]),
      OperationViolation(2, Scan(length: 4, carried: 1, scanned: 1), types),
      OperationViolation(2, Scan(length: 4, carried: 1, scanned: 0), types, graphs: [sums]),
      OperationViolation(3, Scan(length: 5, carried: 1, scanned: 1), types, graphs: [sums]),
      OperationViolation(4, Scan(length: 4, carried: 1, scanned: 1), types, graphs: [wide]),
    ]
  }
}

// MARK: - Building

extension GraphBuilder {
  /// One trip of a scan: the next carried values, and what it gives.
  public typealias ScanBody = (
    GraphBuilder, _ carries: [ValueID], _ inputs: [ValueID], _ constants: [ValueID]
  ) throws -> (carries: [ValueID], outputs: [ValueID])

  /// Runs a body once for each slice of the inputs along their first axis.
  ///
  /// - Parameters:
  ///   - carries: values before the first trip.
  ///   - constants: values that are the same in every trip.
  ///   - length: the number of trips; needed where there are no inputs.
  ///   - reverse: from the last slice to the first.
  /// - Returns: the carried values after the last trip, and what each trip gives, stacked.
  public func scan(
    _ carries: [ValueID], over inputs: [ValueID] = [], constants: [ValueID] = [], length: Dim? = nil,
    reverse: Bool = false, body: ScanBody
  ) throws -> (carries: [ValueID], outputs: [ValueID]) {
    guard let length = length ?? inputs.first.flatMap({ shape($0).dims.first }) else {
      throw Diagnostic("scan: without inputs a length is needed")
    }
    for input in inputs where shape(input).rank == 0 {
      throw Scan(length: length, carried: 0, scanned: 0).violated(3, "a scalar cannot be cut into slices")
    }
    let graph = try scanBody(
      carries.map { type($0) }, inputs.map { type($0).slice }, constants.map { type($0) }, body)
    let scan = Scan(length: length, carried: carries.count, scanned: inputs.count, reverse: reverse)
    let results = try append(scan, carries + inputs + constants, graphs: [graph])
    return (Array(results.prefix(carries.count)), Array(results.dropFirst(carries.count)))
  }

  fileprivate func scanBody(
    _ carries: [TensorType], _ slices: [TensorType], _ constants: [TensorType], _ body: ScanBody
  ) throws -> Graph {
    try subGraph("body", carries + slices + constants) { inner, x in
      let rest = x.dropFirst(carries.count)
      let results = try body(
        inner, Array(x.prefix(carries.count)), Array(rest.prefix(slices.count)), Array(rest.dropFirst(slices.count)))
      if results.carries.count != carries.count {
        throw Diagnostic("scan: the body gives \(results.carries.count) carried values, not \(carries.count)")
      }
      return results.carries + results.outputs
    }
  }
}
