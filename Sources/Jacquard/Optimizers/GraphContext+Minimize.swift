import JacquardCore
import JacquardIR
import JacquardOps
import JacquardTransforms

extension GraphContext {
  /// Adds a training step: after each step every parameter that the loss depends on is replaced by a better one.
  ///
  /// In a step: gradient of the loss, clipping, weight decay added to the gradient, the optimiser.
  ///
  /// - Parameters:
  ///   - loss: A scalar.
  ///   - isDecayed: Whether `decay` pulls at the parameter of a name; by default at all.
  ///   - isTrained: Whether the parameter of a name is changed; by default all are.
  public func minimize<S: TensorFloat>(
    _ loss: Tensor<S>, with optimizer: some Optimizer, clipping: GradientClipping? = nil,
    decay: [WeightDecay] = [], isDecayed: (String) -> Bool = { _ in true },
    isTrained: (String) -> Bool = { _ in true }, file: String = #fileID, line: Int = #line
  ) {
    isMinimized = true
    guard case .success(let value) = loss.result else { return }
    let own = site(SourceSite(file: file, line: line))
    attempt(at: own) {
      let chosen = try trainable(value, isTrained)
      builder.origins = [Origin(scope: "gradient", site: own)]
      let (stable, raw) = try builder.minimize(value, withRespectTo: chosen.map(\.value))
      aliases[value] = stable
      builder.origins = [Origin(scope: "optimizer", site: own)]
      let gradients = try clipping?.apply(raw, builder) ?? raw
      let state = OptimizerState(self, optimizer.name)
      for ((name, parameter), clipped) in zip(chosen, gradients) {
        let gradient = try (isDecayed(name) ? decay : []).reduce(clipped) { try $1.apply($0, parameter, builder) }
        let new = try optimizer.updated(
          OptimizedParameter(
            builder: builder, name: name, value: parameter, gradient: gradient, state: state,
            schedule: optimizer.learningRate))
        try builder.update(name, new)
      }
    }
  }

  /// The parameters that the loss depends on, in the order of declaration.
  private func trainable(
    _ loss: ValueID, _ isTrained: (String) -> Bool
  ) throws -> [(name: String, value: ValueID)] {
    let used = builder.graph.inputsReaching(loss)
    let graph = builder.graph
    let found = zip(graph.inputs, graph.inputValues)
      .filter { $0.role == .parameter && $0.type.dtype.isFloat && used.contains($1) && isTrained($0.name) }
      .map { (name: $0.name, value: $1) }
    if found.isEmpty { throw Diagnostic("minimize: the loss depends on no parameter") }
    return found
  }
}

extension Graph {
  /// The inputs that a value depends on.
  func inputsReaching(_ value: ValueID) -> Set<ValueID> {
    var found: Set<ValueID> = []
    var seen: Set<NodeID> = []
    var stack = [value]
    while let next = stack.popLast() {
      guard let node = producer(next) else {
        found.insert(next)
        continue
      }
      if seen.insert(node.id).inserted { stack.append(contentsOf: node.inputs) }
    }
    return found
  }
}
