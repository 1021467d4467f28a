import JacquardCore
import JacquardIR
import JacquardOps

extension GraphBuilder {
  /// The derivatives of a scalar with respect to values: one of each value's type. Zeros where nothing depends on it.
  ///
  /// - Throws: `Diagnostic` if `value` is no scalar float, a `wrt` is no float, or an operation between has no gradient
  ///   (naming it, the reason and its source line).
  public func gradients(of value: ValueID, withRespectTo wrt: [ValueID]) throws -> [ValueID] {
    let found = try connectedGradients(of: value, withRespectTo: wrt)
    return try filled(found, like: wrt)
  }

  /// As `gradients`, with nil where the scalar does not depend on a value.
  public func connectedGradients(of value: ValueID, withRespectTo wrt: [ValueID]) throws -> [ValueID?] {
    let type = type(value)
    guard type.dtype.isFloat, type.shape.rank == 0 else {
      throw Diagnostic("the gradient of \(graph.describe(value)) is asked for, which is \(type): not a scalar float")
        .at(graph.producer(value)?.site)
    }
    let before = origins
    if let node = graph.producer(value) { origins = ReverseSweep.backwardOrigins(node) }
    defer { origins = before }
    let one = try constant(1, type.dtype)
    return try connectedVJP([value], cotangents: [one], withRespectTo: wrt)
  }

  /// The product of cotangents with the Jacobian: for each `wrt`, the sum over outputs of cotangent times derivative.
  ///
  /// - Parameter cotangents: one an output, of its type.
  /// - Throws: as `gradients`.
  public func vjp(
    _ outputs: [ValueID], cotangents: [ValueID], withRespectTo wrt: [ValueID]
  ) throws -> [ValueID] {
    try filled(connectedVJP(outputs, cotangents: cotangents, withRespectTo: wrt), like: wrt)
  }

  /// As `vjp`, with nil where no output depends on a value.
  public func connectedVJP(
    _ outputs: [ValueID], cotangents: [ValueID], withRespectTo wrt: [ValueID]
  ) throws -> [ValueID?] {
    try checkTypes(outputs, cotangents, "cotangent", "output")
    var sweep = try ReverseSweep(self, withRespectTo: wrt)
    return try sweep.run(outputs: outputs, cotangents: cotangents, withRespectTo: wrt)
  }

  /// The product of the Jacobian with tangents: how each output moves when each `wrt` moves along its tangent.
  ///
  /// Made of two reverse sweeps: the first is linear in a placeholder cotangent, with respect to which the second
  /// differentiates (so an operation needs one rule only).
  /// - Parameter tangents: one a `wrt`, of its type.
  /// - Throws: as `gradients`.
  public func jvp(
    _ outputs: [ValueID], withRespectTo wrt: [ValueID], tangents: [ValueID]
  ) throws -> [ValueID] {
    try filled(connectedJVP(outputs, withRespectTo: wrt, tangents: tangents), like: outputs)
  }

  /// As `jvp`, with nil where an output does not depend on any value.
  public func connectedJVP(
    _ outputs: [ValueID], withRespectTo wrt: [ValueID], tangents: [ValueID]
  ) throws -> [ValueID?] {
    try checkTypes(wrt, tangents, "tangent", "value")
    let slice = try DifferentiableSlice(of: self, from: wrt, to: outputs)
    return try slice.pushforward(tangents, into: self)
  }

  /// The product of the Hessian of a scalar with vectors, one a `wrt` and of its type. The Hessian itself is never formed.
  ///
  /// - Throws: as `gradients`.
  public func hvp(
    of value: ValueID, withRespectTo wrt: [ValueID], vectors: [ValueID]
  ) throws -> [ValueID] {
    try checkTypes(wrt, vectors, "vector", "value")
    let first = try connectedGradients(of: value, withRespectTo: wrt)
    var outputs: [ValueID] = []
    var seeds: [ValueID] = []
    for (gradient, vector) in zip(first, vectors) {
      guard let gradient else { continue }
      outputs.append(gradient)
      seeds.append(try stopGradient(vector))
    }
    return try vjp(outputs, cotangents: seeds, withRespectTo: wrt)
  }

  /// How rules differentiate sub-graphs: as `connectedVJP`, by way of a form that is safe to differentiate.
  public static func pullback(
    _ builder: GraphBuilder, _ outputs: [ValueID], _ cotangents: [ValueID], _ values: [ValueID]
  ) throws -> [ValueID?] {
    let stable = try builder.stabilize(outputs, keeping: values).values
    return try builder.connectedVJP(stable, cotangents: cotangents, withRespectTo: values)
  }

  private func checkTypes(_ values: [ValueID], _ given: [ValueID], _ what: String, _ of: String) throws {
    if values.count != given.count {
      throw Diagnostic("\(given.count) \(what)s for \(values.count) \(of)s")
    }
    for (value, other) in zip(values, given) where type(value) != type(other) {
      throw Diagnostic("a \(what) of type \(type(other)) for \(graph.describe(value)), which is \(type(value))")
    }
  }

  /// Zeros, made only now that someone asked for them.
  private func filled(_ found: [ValueID?], like values: [ValueID]) throws -> [ValueID] {
    var result: [ValueID] = []
    for (value, model) in zip(found, values) { result.append(try value ?? zeros(type(model))) }
    return result
  }

  func zeros(_ type: TensorType) throws -> ValueID {
    let zero = try constant(0, type.dtype)
    return type.shape.rank == 0 ? zero : try broadcast(zero, to: type.shape)
  }
}
