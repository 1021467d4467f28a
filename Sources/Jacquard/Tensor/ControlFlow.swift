import JacquardCore
import JacquardIR
import JacquardOps

/// Runs a body once for each slice of a tensor along its first axis, handing a value on from trip to trip.
///
/// ```swift
/// let (last, all) = scan(state, over: sequence) { h, x in
///   let next = tanh(cell(x) + recurrent(h))
///   return (next, next)
/// }
/// ```
/// The body may use layers, parameters and tensors from outside. A random draw in it is the same in every trip.
///
/// - Parameters:
///   - initial: The value before the first trip.
///   - reverse: From the last slice to the first; the outputs stay in the order of the slices.
///   - body: Gives the next value, of the type of the last, and the trip's output.
/// - Returns: The value after the last trip, and the outputs of all trips, stacked along a first axis.
public func scan<S: TensorScalar, X: TensorScalar, Y: TensorScalar>(
  _ initial: Tensor<S>, over inputs: Tensor<X>, reverse: Bool = false, file: String = #fileID, line: Int = #line,
  _ body: (_ carry: Tensor<S>, _ input: Tensor<X>) -> (Tensor<S>, Tensor<Y>)
) -> (last: Tensor<S>, outputs: Tensor<Y>) {
  let loop = ControlFlow(initial.context, SourceSite(file: file, line: line))
  let results = loop.scan([initial], over: [inputs], reverse: reverse) { values in
    let (next, output) = body(loop.tensor(values[0]), loop.tensor(values[1]))
    return [next, output]
  }
  return (loop.tensor(results, 0), loop.tensor(results, 1))
}

/// As the `scan` of one tensor, for several carried values and several tensors that are cut into slices at once.
///
/// - Parameter length: The number of trips; needed where `inputs` is empty.
public func scan<S: TensorScalar>(
  _ initial: [Tensor<S>], over inputs: [Tensor<S>] = [], length: Dim? = nil, reverse: Bool = false,
  file: String = #fileID, line: Int = #line,
  _ body: (_ carries: [Tensor<S>], _ inputs: [Tensor<S>]) -> (carries: [Tensor<S>], outputs: [Tensor<S>])
) -> (carries: [Tensor<S>], outputs: [Tensor<S>]) {
  guard let context = (initial + inputs).first?.context else { return ([], []) }
  let loop = ControlFlow(context, SourceSite(file: file, line: line))
  var count = initial.count
  let results = loop.scan(initial, over: inputs, length: length, reverse: reverse) { values in
    let tensors: [Tensor<S>] = values.map { loop.tensor($0) }
    let next = body(Array(tensors.prefix(initial.count)), Array(tensors.dropFirst(initial.count)))
    count += next.outputs.count
    return next.carries + next.outputs
  }
  let tensors: [Tensor<S>] = (0..<count).map { loop.tensor(results, $0) }
  return (Array(tensors.prefix(initial.count)), Array(tensors.dropFirst(initial.count)))
}

/// The value of one of two closures, as a tensor of one truth value decides when the graph runs.
///
/// Only what the chosen one alone computes is computed. Both must give the same type.
public func cond<S: TensorScalar>(
  _ predicate: Tensor<Bool>, file: String = #fileID, line: Int = #line, then: () -> Tensor<S>,
  else other: () -> Tensor<S>
) -> Tensor<S> {
  let branch = ControlFlow(predicate.context, SourceSite(file: file, line: line))
  return branch.tensor(branch.cond(predicate, { [then()] }, { [other()] }), 0)
}

/// Runs a body on a value as long as a condition of it holds, and at most `limit` times. It has no gradient.
///
/// - Parameters:
///   - condition: Gives one truth value. Like the body it may use tensors from outside.
///   - body: Gives the next value, of the type of the last.
public func whileLoop<S: TensorScalar>(
  _ initial: Tensor<S>, limit: Int, file: String = #fileID, line: Int = #line,
  condition: (Tensor<S>) -> Tensor<Bool>, body: (Tensor<S>) -> Tensor<S>
) -> Tensor<S> {
  whileLoop([initial], limit: limit, file: file, line: line) {
    condition($0[0])
  } body: {
    [body($0[0])]
  }[0]
}

/// As the `whileLoop` of one value, for several.
public func whileLoop<S: TensorScalar>(
  _ initial: [Tensor<S>], limit: Int, file: String = #fileID, line: Int = #line,
  condition: ([Tensor<S>]) -> Tensor<Bool>, body: ([Tensor<S>]) -> [Tensor<S>]
) -> [Tensor<S>] {
  guard let context = initial.first?.context else { return [] }
  let loop = ControlFlow(context, SourceSite(file: file, line: line))
  let results = loop.whileLoop(initial, limit: limit) { values in
    [condition(values.map { loop.tensor($0) })]
  } body: { values in
    body(values.map { loop.tensor($0) })
  }
  return initial.indices.map { loop.tensor(results, $0) }
}

/// Makes a node with sub-graphs from closures that declare into the graph around it: what they declare is taken out as a
/// sub-graph, and what that uses from outside becomes an operand.
struct ControlFlow {
  typealias Values = Result<[ValueID], Diagnostic>

  let context: GraphContext
  private let site: SourceSite

  var origin: Origin { Origin(scope: context.path, site: site) }

  init(_ context: GraphContext, _ site: SourceSite) {
    self.context = context
    self.site = site
  }

  var builder: GraphBuilder { context.builder }

  func tensor<S: TensorScalar>(_ value: ValueID) -> Tensor<S> { Tensor(context, .success(value), context.mark(site)) }

  func tensor<S: TensorScalar>(_ values: Values, _ index: Int) -> Tensor<S> {
    let value = values.flatMap { values in
      values.indices.contains(index)
        ? .success(values[index]) : .failure(Diagnostic("a closure gives too few values", site: site))
    }
    if case .failure(let error) = value { context.record(error, at: site) }
    return Tensor(context, value, context.mark(site))
  }

  // MARK: Kinds

  func scan(
    _ initial: [any AnyTensor], over inputs: [any AnyTensor], length: Dim? = nil, reverse: Bool,
    _ body: ([ValueID]) -> [any AnyTensor]
  ) -> Values {
    attempt {
      let carries = try ids(initial)
      let scanned = try ids(inputs)
      guard let length = length ?? scanned.first.flatMap({ builder.shape($0).dims.first }) else {
        throw Diagnostic("scan: needs a tensor with a first axis, or a length")
      }
      let held = try placeholders(carries + scanned.map { try firstSlice($0) })
      let first = builder.graph.nodes.count
      let values = try declared(body, held)
      try requireCarries(values, carries, "scan")
      let segment = try Segment(builder.graph, from: first, to: values, leading: held)
      let scan = Scan(length: length, carried: carries.count, scanned: scanned.count, reverse: reverse)
      return try builder.append(
        scan, carries + scanned + segment.operands.dropFirst(held.count), graphs: [segment.graph])
    }
  }

  func cond(
    _ predicate: any AnyTensor, _ then: () -> [any AnyTensor], _ other: () -> [any AnyTensor]
  ) -> Values {
    attempt {
      let decision = try ids([predicate])
      // What both compute is found again when the second is declared, and belongs to both.
      let first = builder.graph.nodes.count
      let values = try declared({ _ in then() }, [])
      let others = try declared({ _ in other() }, [])
      let left = try Segment(builder.graph, from: first, to: values)
      let right = try Segment(builder.graph, from: first, to: others, leading: left.operands)
      let full = try Segment(builder.graph, from: first, to: values, leading: right.operands)
      return try builder.append(Cond(), decision + right.operands, graphs: [full.graph, right.graph])
    }
  }

  func whileLoop(
    _ initial: [any AnyTensor], limit: Int, _ condition: ([ValueID]) -> [any AnyTensor],
    body: ([ValueID]) -> [any AnyTensor]
  ) -> Values {
    attempt {
      let carries = try ids(initial)
      let held = try placeholders(carries)
      let first = builder.graph.nodes.count
      let decision = try declared(condition, held)
      let values = try declared(body, held)
      try requireCarries(values, carries, "whileLoop")
      let left = try Segment(builder.graph, from: first, to: decision, leading: held)
      let right = try Segment(builder.graph, from: first, to: values, leading: left.operands)
      let full = try Segment(builder.graph, from: first, to: decision, leading: right.operands)
      let loop = While(limit: limit, carried: carries.count)
      return try builder.append(
        loop, carries + right.operands.dropFirst(held.count), graphs: [full.graph, right.graph])
    }
  }

  // MARK: Parts

  func attempt(_ body: () throws -> [ValueID]) -> Values {
    do {
      return .success(try body())
    } catch {
      return .failure(context.record(error, at: site))
    }
  }

  func ids(_ tensors: [any AnyTensor]) throws -> [ValueID] {
    try tensors.map { tensor in
      if tensor.context !== context { throw Diagnostic("a tensor of another graph is used") }
      return try tensor.result.get()
    }
  }

  /// Values of the right types that nothing else is: they stand for the sub-graph's inputs while it is declared.
  func placeholders(_ values: [ValueID]) throws -> [ValueID] {
    builder.origins = [origin]
    return values.isEmpty ? [] : try builder.barrier(values, id: context.nextBarrier())
  }

  func firstSlice(_ value: ValueID) throws -> ValueID {
    let dims = builder.shape(value).dims
    guard !dims.isEmpty else { throw Diagnostic("a scalar cannot be cut into slices") }
    let zeros = [Dim](repeating: 0, count: dims.count)
    let slice = try builder.slice(value, starts: zeros, limits: [1] + dims.dropFirst())
    return try builder.reshape(slice, Shape(Array(dims.dropFirst())))
  }

  func declared(_ body: ([ValueID]) -> [any AnyTensor], _ values: [ValueID]) throws -> [ValueID] {
    let updates = builder.graph.updates.count
    let outputs = context.outputs.count
    let results = body(values)
    if let error = context.firstError { throw error }
    if builder.graph.updates.count != updates { throw Diagnostic("a loop or branch cannot update parameters or state") }
    if context.outputs.count != outputs {
      throw Diagnostic("what is inside a loop, branch or vmap can be neither output nor probed: let it give the value")
    }
    builder.origins = [origin]
    return try ids(results)
  }

  private func requireCarries(_ values: [ValueID], _ carries: [ValueID], _ what: String) throws {
    guard values.count >= carries.count else {
      throw Diagnostic("\(what): the body gives \(values.count) values; \(carries.count) are carried")
    }
    for (value, carry) in zip(values, carries) where builder.type(value) != builder.type(carry) {
      throw Diagnostic(
        "\(what): the body turns a carried \(builder.type(carry)) into \(builder.type(value)); the type must stay")
    }
  }
}
