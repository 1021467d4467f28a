import JacquardCore
import JacquardIR
import JacquardOps

extension Graph {
  /// The graph with the derivatives of an output as further outputs: `grad/A` for each `A`.
  ///
  /// The graph is stabilised before it is differentiated, so its other outputs may differ in rounding.
  /// - Parameters:
  ///   - output: an output that is a scalar float.
  ///   - names: of inputs, or of nodes.
  /// - Throws: `Diagnostic` if a name is unknown, or the output has no gradient (see `GraphBuilder.gradients`).
  public func addingGradients(of output: String, withRespectTo names: [String]) throws -> Graph {
    try adding("grad", for: names) { builder, stable, wrt in
      try builder.gradients(of: stable(output), withRespectTo: wrt)
    }
  }

  /// A graph whose outputs are one output of this graph and its derivatives `grad/A`, without updates.
  ///
  /// - Throws: as `addingGradients`.
  public func valueAndGrad(of output: String, withRespectTo names: [String]) throws -> Graph {
    let full = try addingGradients(of: output, withRespectTo: names)
    let builder = GraphBuilder(extending: full)
    builder.clearRoots()
    for root in full.outputs where root.name == output || names.contains(where: { "grad/\($0)" == root.name }) {
      try builder.output(root.name, root.value)
    }
    return builder.graph.compacted().graph
  }

  /// The graph with data inputs `cotangent/O` for each given output `O` and outputs `vjp/A`: their product with the Jacobian.
  ///
  /// - Throws: `Diagnostic` if a name is unknown or an operation has no gradient.
  public func addingVJP(of outputs: [String], withRespectTo names: [String]) throws -> Graph {
    try adding("vjp", for: names) { builder, stable, wrt in
      let values = try outputs.map(stable)
      let seeds = try zip(outputs, values).map { try builder.input("cotangent/\($0)", builder.type($1)) }
      return try builder.vjp(values, cotangents: seeds, withRespectTo: wrt)
    }
  }

  /// The graph with data inputs `tangent/A` for each `A` and outputs `jvp/O`: the product of the Jacobian with them.
  ///
  /// - Throws: `Diagnostic` if a name is unknown or an operation has no gradient.
  public func addingJVP(of outputs: [String], withRespectTo names: [String]) throws -> Graph {
    try adding("jvp", for: names, results: outputs) { builder, stable, wrt in
      let tangents = try zip(names, wrt).map { try builder.input("tangent/\($0)", builder.type($1)) }
      return try builder.jvp(try outputs.map(stable), withRespectTo: wrt, tangents: tangents)
    }
  }

  /// The graph with data inputs `vector/A` for each `A` and outputs `hvp/A`: the product of the Hessian of a scalar output
  /// with the vectors.
  ///
  /// - Throws: as `addingGradients`.
  public func addingHVP(of output: String, withRespectTo names: [String]) throws -> Graph {
    try adding("hvp", for: names) { builder, stable, wrt in
      let vectors = try zip(names, wrt).map { try builder.input("vector/\($0)", builder.type($1)) }
      return try builder.hvp(of: stable(output), withRespectTo: wrt, vectors: vectors)
    }
  }

  /// The graph with outputs `jacobian/A` for each `A`: the derivatives of each element of an output with respect to each of its
  /// elements (see `GraphBuilder.jacobian`).
  ///
  /// - Throws: `Diagnostic` if a name is unknown, or an operation has no gradient or no batching rule.
  public func addingJacobian(
    of output: String, withRespectTo names: [String], mode: JacobianMode = .reverse
  ) throws -> Graph {
    try adding("jacobian", for: names) { builder, stable, wrt in
      try builder.jacobian(of: stable(output), withRespectTo: wrt, mode: mode)
    }
  }

  /// The graph with outputs `hessian/A,B` for each `A` and `B`: the second derivatives of a scalar output (see
  /// `GraphBuilder.hessian`).
  ///
  /// - Throws: as `addingGradients` and `addingJacobian`.
  public func addingHessian(of output: String, withRespectTo names: [String]) throws -> Graph {
    let pairs = names.flatMap { first in names.map { "\(first),\($0)" } }
    return try adding("hessian", for: names, results: pairs) { builder, stable, wrt in
      try builder.hessian(of: stable(output), withRespectTo: wrt).flatMap { $0 }
    }
  }

  /// Stabilises, derives, and adds the results as outputs `PREFIX/NAME`.
  private func adding(
    _ prefix: String, for names: [String], results: [String]? = nil,
    _ derive: (GraphBuilder, (String) throws -> ValueID, [ValueID]) throws -> [ValueID]
  ) throws -> Graph {
    let wrt = try names.map(value(named:))
    let builder = GraphBuilder(extending: self)
    let stable = try builder.stabilize(roots, keeping: wrt)
    builder.clearRoots()
    for (output, value) in zip(outputs, stable.values) { try builder.output(output.name, value) }
    for (change, value) in zip(updates, stable.values.dropFirst(outputs.count)) {
      try builder.update(inputs[change.input].name, value)
    }
    let derived = try derive(builder, { try builder.graph.value(ofOutput: $0) }, wrt)
    for (name, value) in zip(results ?? names, derived) { try builder.output("\(prefix)/\(name)", value) }
    return builder.graph.compacted(names: stable.names).graph
  }

  private func value(ofOutput name: String) throws -> ValueID {
    guard let output = output(named: name) else {
      let known = outputs.map { "'\($0.name)'" }.joined(separator: ", ")
      throw Diagnostic("no output is named '\(name)'; there are \(known)")
    }
    return output.value
  }

  private func value(named name: String) throws -> ValueID {
    if let index = inputs.firstIndex(where: { $0.name == name }) { return inputValues[index] }
    if let node = nodes.first(where: { $0.origins.contains { $0.name == name } }) { return node.results[0] }
    throw Diagnostic("no input or node is named '\(name)'")
  }
}
