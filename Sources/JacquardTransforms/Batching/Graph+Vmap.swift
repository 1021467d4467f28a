import JacquardCore
import JacquardIR
import JacquardOps

extension Graph {
  /// The graph mapped over a batch: chosen inputs get an axis more, and so does every output.
  ///
  /// - Parameters:
  ///   - axes: for the name of each input that is batched, the place of the batch in its shape; the other inputs are the same for
  ///     all elements.
  ///   - size: the number of elements, a number or a symbol.
  ///   - out: the place of the batch in the shape of an output, by its name; the first where it has none.
  /// - Throws: `Diagnostic` if there is no such input or axis, an operation cannot be batched, or an input that all elements share
  ///   would be updated by each.
  public func vmap(_ axes: [String: Int], size: Dim, out: [String: Int] = [:]) throws -> Graph {
    for name in axes.keys.sorted() where input(named: name) == nil {
      throw Diagnostic("vmap: no input is named '\(name)'")
    }
    for name in out.keys.sorted() where output(named: name) == nil {
      throw Diagnostic("vmap: no output is named '\(name)'")
    }
    let builder = GraphBuilder(name: name, symbols: symbols)
    let operands = try inputs.map { input in
      var own = input
      guard let axis = axes[input.name] else { return Batched(try builder.input(own), isBatched: false) }
      own.type = TensorType(
        input.type.dtype, try input.type.shape.inserting(size, at: axis, of: "input '\(input.name)'"))
      return Batched(try builder.movingAxis(builder.input(own), from: axis, to: 0))
    }
    let results = try builder.vmap(self, operands, size: size, wanted: roots)
    for (output, result) in zip(outputs, results) {
      let axis = out[output.name] ?? 0
      _ = try type(output.value).shape.inserting(size, at: axis, of: "output '\(output.name)'")
      let whole = try builder.batched(result, size)
      try builder.output(output.name, builder.movingAxis(whole, from: 0, to: axis))
    }
    for (change, result) in zip(updates, results.dropFirst(outputs.count)) {
      let input = inputs[change.input]
      if result.isBatched && axes[input.name] == nil {
        throw Diagnostic("vmap: '\(input.name)' is the same for all elements, but each would update it")
      }
      let new = axes[input.name] == nil ? result.value : try builder.batched(result, size)
      try builder.update(input.name, builder.movingAxis(new, from: 0, to: axes[input.name] ?? 0))
    }
    return builder.graph.compacted().graph
  }
}

extension Shape {
  /// The shape with an axis more.
  fileprivate func inserting(_ size: Dim, at axis: Int, of what: String) throws(Diagnostic) -> Shape {
    guard (0...rank).contains(axis) else {
      throw Diagnostic("vmap: there is no axis \(axis) in \(what) \(self) with a batch")
    }
    var result = self
    result.dims.insert(size, at: axis)
    return result
  }
}
