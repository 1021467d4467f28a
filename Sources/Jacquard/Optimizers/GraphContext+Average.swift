import JacquardCore
import JacquardIR
import JacquardOps

extension GraphContext {
  /// First part of the names of averages: `average/hidden/weight`.
  static let averagePrefix = "average/"

  /// Keeps an exponential moving average of every parameter that `minimize` changes, as state `average/NAME`: after each step
  /// decay * average + (1 - decay) * parameter (Polyak, Juditsky; 1992). It starts at the parameter's initial value.
  ///
  /// Call it after `minimize`; `ParameterStore.averaged` gives the averages as parameters.
  ///
  /// - Parameter decay: 0 ..< 1; the average goes back about 1 / (1 - decay) steps.
  public func averageParameters(decay: Double, file: String = #fileID, line: Int = #line) {
    let own = site(SourceSite(file: file, line: line))
    attempt(at: own) {
      guard (0..<1).contains(decay) else { throw Diagnostic("averageParameters: decay \(decay) is not in 0 ..< 1") }
      let graph = builder.graph
      let changed = graph.updates.filter {
        graph.inputs[$0.input].role == .parameter && graph.inputs[$0.input].type.dtype.isFloat
      }
      if changed.isEmpty { throw Diagnostic("averageParameters: no parameter is changed; call it after minimize") }
      builder.origins = [Origin(scope: "average", site: own)]
      for update in changed {
        let input = graph.inputs[update.input]
        let name = GraphContext.averagePrefix + input.name
        let old = try builder.input(
          Input(name: name, type: input.type, role: .state, initializer: input.initializer, site: own))
        inputs[name] = old
        let kept = try builder.multiply(old, try builder.constant(decay, input.type.dtype))
        let added = try builder.multiply(update.value, try builder.constant(1 - decay, input.type.dtype))
        try builder.update(name, try builder.add(kept, added))
      }
    }
  }
}

extension ParameterStore {
  /// A store of its own, in which every parameter that `averageParameters` averaged has its average for a value; the others are
  /// as here. State is left out.
  ///
  /// - Throws: `Diagnostic` if nothing is averaged.
  public func averaged() throws -> ParameterStore {
    let result = ParameterStore(seed: seed)
    var found = false
    for name in names where role(of: name) == .parameter {
      let average = self[GraphContext.averagePrefix + name]
      found = found || average != nil
      if let value = average ?? self[name] { try result.set(name, value) }
    }
    if !found { throw Diagnostic("no parameter has an average; the training graph calls averageParameters") }
    return result
  }
}
