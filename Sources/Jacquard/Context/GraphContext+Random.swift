import JacquardCore
import JacquardIR
import JacquardOps

extension GraphContext {
  /// Name of the state that holds the key of a step.
  public static let keyName = "rng/key"

  /// The key of the step: the state `rng/key`, an `i32[2]` that is advanced after each step.
  func key() throws -> ValueID {
    if let value = inputs[GraphContext.keyName] { return value }
    let value = try builder.input(Input(name: GraphContext.keyName, type: TensorType(.i32, [2]), role: .state))
    inputs[GraphContext.keyName] = value
    return value
  }

  /// A key of its own for one draw in the user's program, so that two draws differ.
  func drawKey() throws -> ValueID {
    drawNumber += 1
    return try builder.foldKey(try key(), drawNumber)
  }

  /// The key of the next step is folded with 0, which no draw uses.
  func advanceKey() throws {
    guard let key = inputs[GraphContext.keyName], drawNumber > 0 else { return }
    let index = builder.graph.inputs.firstIndex { $0.name == GraphContext.keyName }
    if builder.graph.updates.contains(where: { $0.input == index }) { return }
    builder.origins = [Origin(scope: "rng")]
    try builder.update(GraphContext.keyName, try builder.foldKey(key, 0))
  }

  /// Numbers drawn evenly from 0 ..< 1, anew at each step.
  public func uniform<S: TensorFloat>(
    _ type: S.Type, _ shape: Shape, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    emit([], at: SourceSite(file: file, line: line)) { builder, _ in
      try shape.checkSymbols()
      return try builder.uniform(key: try self.drawKey(), shape: shape, dtype: S.dtype)
    }
  }

  /// Numbers drawn from the normal distribution with mean 0 and deviation 1, anew at each step.
  public func normal<S: TensorFloat>(
    _ type: S.Type, _ shape: Shape, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    emit([], at: SourceSite(file: file, line: line)) { builder, _ in
      try shape.checkSymbols()
      return try builder.normal(key: try self.drawKey(), shape: shape, dtype: S.dtype)
    }
  }

  /// Numbers drawn from the normal distribution with mean 0 and deviation 1: the same for the same key.
  ///
  /// - Parameter key: `[2]`, a row of `keys`.
  public func normal<S: TensorFloat>(
    _ type: S.Type, _ shape: Shape, key: Tensor<Int32>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    emit([key], at: SourceSite(file: file, line: line)) { builder, values in
      try shape.checkSymbols()
      return try builder.normal(key: values[0], shape: shape, dtype: S.dtype)
    }
  }

  /// Keys of draws, anew at each step: `[count, 2]`. A loop over them draws different numbers in every trip:
  ///
  /// ```swift
  /// let (last, _) = scan(start, over: g.keys(1000)) { x, key in
  ///   let next = x + g.normal(Float.self, [2], key: key)
  ///   return (next, next)
  /// }
  /// ```
  public func keys(_ count: Dim, file: String = #fileID, line: Int = #line) -> Tensor<Int32> {
    let loop = ControlFlow(self, SourceSite(file: file, line: line))
    let start: Tensor<Int32> = emit([], at: SourceSite(file: file, line: line)) { _, _ in try self.drawKey() }
    let results = loop.scan([start], over: [], length: count, reverse: false) { values in
      let key: Tensor<Int32> = loop.tensor(values[0])
      let next: Tensor<Int32> = key.unary(nil) { try $0.foldKey($1, 0) }
      let own: Tensor<Int32> = key.unary(nil) { try $0.foldKey($1, 1) }
      return [next, own]
    }
    return loop.tensor(results, 1)
  }

  /// True with a probability, anew at each step.
  public func bernoulli(
    _ probability: Double, _ shape: Shape, file: String = #fileID, line: Int = #line
  ) -> Tensor<Bool> {
    emit([], at: SourceSite(file: file, line: line)) { builder, _ in
      try shape.checkSymbols()
      return try builder.bernoulli(key: try self.drawKey(), probability: probability, shape: shape)
    }
  }
}

/// Numbers drawn from the normal distribution with mean 0 and deviation 1, one for each element of `x`.
public func normal<S: TensorFloat>(
  like x: Tensor<S>, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { builder, value in
    try builder.normal(key: try x.context.drawKey(), shape: builder.shape(value), dtype: S.dtype)
  }
}

/// Each element set to 0 with probability `rate`, the others divided by 1 - rate; anew at each step.
public func dropout<S: TensorFloat>(
  _ x: Tensor<S>, rate: Double, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.dropout($1, key: try x.context.drawKey(), rate: rate) }
}
