import JacquardCore

// Activations as modules, for `Sequential`.

/// max(x, 0).
public struct ReLU: UnaryModule, Sendable {
  /// The layer; it has no parameters.
  public init() {}

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> { Jacquard.relu(x, file: file, line: line) }
}

/// 1 / (1 + exp(-x)).
public struct Sigmoid: UnaryModule, Sendable {
  /// The layer; it has no parameters.
  public init() {}

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> { Jacquard.sigmoid(x, file: file, line: line) }
}

/// Hyperbolic tangent.
public struct Tanh: UnaryModule, Sendable {
  /// The layer; it has no parameters.
  public init() {}

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> { Jacquard.tanh(x, file: file, line: line) }
}

/// x * sigmoid(x).
public struct SiLU: UnaryModule, Sendable {
  /// The layer; it has no parameters.
  public init() {}

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> { Jacquard.silu(x, file: file, line: line) }
}

/// log(1 + exp(x)).
public struct Softplus: UnaryModule, Sendable {
  /// The layer; it has no parameters.
  public init() {}

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> { Jacquard.softplus(x, file: file, line: line) }
}

/// x times the normal distribution function of x.
public struct GELU: UnaryModule, Sendable {
  /// Whether the normal distribution is that of a tanh (`approximate="tanh"` in PyTorch); else it is exact.
  public let approximate: Bool

  /// The exact form, unless told otherwise.
  public init(approximate: Bool = false) { self.approximate = approximate }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> { Jacquard.gelu(x, approximate: approximate, file: file, line: line) }
}

/// x where positive, else slope * x.
public struct LeakyReLU: UnaryModule, Sendable {
  /// The factor of negative elements.
  public let slope: Double

  /// The default is PyTorch's.
  public init(slope: Double = 0.01) { self.slope = slope }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> { Jacquard.leakyRelu(x, slope: slope, file: file, line: line) }
}

/// x where positive, else alpha * (exp(x) - 1).
public struct ELU: UnaryModule, Sendable {
  /// Minus the limit at minus infinity.
  public let alpha: Double

  /// The default is PyTorch's.
  public init(alpha: Double = 1) { self.alpha = alpha }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> { Jacquard.elu(x, alpha: alpha, file: file, line: line) }
}

/// exp(x) divided by its sum along an axis.
public struct Softmax: UnaryModule, Sendable {
  /// Negative ones count from the last.
  public let axis: Int

  /// Along the last axis, unless told otherwise.
  public init(axis: Int = -1) { self.axis = axis }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> { Jacquard.softmax(x, axis: axis, file: file, line: line) }
}
