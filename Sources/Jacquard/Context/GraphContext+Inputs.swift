import JacquardCore
import JacquardIR
import JacquardOps

extension GraphContext {
  /// A data input, given anew at each step.
  ///
  /// - Parameters:
  ///   - shape: Dimensions are numbers or symbols: `["N", 784]`.
  ///   - sample: How to draw it where no data is given.
  ///   - feed: The column of a data set that it is fed from.
  public func input<S: TensorScalar>(
    _ name: String, _ type: S.Type, _ shape: Shape, sample: SampleHint? = nil, feed: FeedHint? = nil,
    file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    declare(
      Input(
        name: name, type: TensorType(S.dtype, shape), sample: sample, feed: feed,
        site: site(SourceSite(file: file, line: line))))
  }

  /// A parameter, kept in the store between steps. Its name is put under the open scopes.
  ///
  /// A parameter that is there already (same name, type) is returned: this is how layers called twice share theirs.
  public func parameter<S: TensorScalar>(
    _ name: String, _ type: S.Type, _ shape: Shape, _ initializer: Initializer = Initializer(.kaimingUniform),
    file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    stored(name, TensorType(S.dtype, shape), .parameter, initializer, SourceSite(file: file, line: line))
  }

  /// State, kept in the store between steps and never differentiated by `minimize`. Without an initialiser it starts at 0.
  public func state<S: TensorScalar>(
    _ name: String, _ type: S.Type, _ shape: Shape, _ initializer: Initializer? = nil,
    file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    stored(name, TensorType(S.dtype, shape), .state, initializer, SourceSite(file: file, line: line))
  }

  private func stored<S: TensorScalar>(
    _ name: String, _ type: TensorType, _ role: Input.Role, _ initializer: Initializer?, _ own: SourceSite
  ) -> Tensor<S> {
    let full = path.isEmpty ? name : "\(path)/\(name)"
    if let value = inputs[full] { return again(full, value, type, role, own) }
    var initializer = initializer
    if initializer?.isRandom == true && initializer?.seed == nil {
      initializerSeed += 1
      initializer?.seed = initializerSeed
    }
    return declare(Input(name: full, type: type, role: role, initializer: initializer, site: site(own)))
  }

  private func again<S: TensorScalar>(
    _ name: String, _ value: ValueID, _ type: TensorType, _ role: Input.Role, _ own: SourceSite
  ) -> Tensor<S> {
    let input = builder.graph.input(named: name)
    if input?.type == type && input?.role == role { return Tensor(self, .success(value), mark(site(own))) }
    let found = input.map { "\($0.role.rawValue) of type \($0.type)" } ?? "a value"
    let error = record(
      Diagnostic("'\(name)' is already \(found); here it is a \(role.rawValue) of type \(type)"), at: site(own))
    return Tensor(self, .failure(error), mark(site(own)))
  }

  private func declare<S: TensorScalar>(_ input: Input) -> Tensor<S> {
    do {
      try input.type.shape.checkSymbols()
      let value = try builder.input(input)
      inputs[input.name] = value
      return Tensor(self, .success(value), mark(input.site))
    } catch {
      return Tensor(self, .failure(record(error, at: input.site)), mark(input.site))
    }
  }

  /// Names a value as an output.
  public func output<S>(
    _ name: String, _ value: Tensor<S>, file: String = #fileID, line: Int = #line
  ) {
    guard case .success(let id) = value.result else { return }
    outputs.append((name, id, site(SourceSite(file: file, line: line))))
  }

  /// Adds the outputs to the graph, a loss in the form in which it was differentiated.
  func addOutputs() {
    for (name, value, site) in outputs {
      let final = aliases[value] ?? value
      attempt(at: site) {
        try builder.output(name, final)
        if Graph.Output.probe(name) == nil, builder.graph.producer(final)?.name == nil { try builder.name(final, name) }
      }
    }
  }

  /// Lets a value replace a parameter or state after each step.
  public func update<S>(
    _ input: Tensor<S>, to value: Tensor<S>, file: String = #fileID, line: Int = #line
  ) {
    guard case .success(let target) = input.result, case .success(let id) = value.result else { return }
    attempt(at: SourceSite(file: file, line: line)) {
      guard case .input(let index) = builder.graph.definition(target) else {
        throw Diagnostic("only a parameter or state can be updated")
      }
      try builder.update(builder.graph.inputs[index].name, id)
    }
  }
}

extension Initializer {
  /// Whether it draws random numbers, and so needs a seed of its own.
  var isRandom: Bool {
    switch kind {
    case .zeros, .ones, .constant: false
    case .uniform, .normal, .kaimingUniform, .kaimingNormal, .xavierUniform, .xavierNormal, .truncatedNormal,
      .orthogonal:
      true
    }
  }
}
