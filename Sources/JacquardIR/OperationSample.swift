import JacquardCore

/// One use of an operation, from which tests of value, gradient, executors and performance are made.
public struct OperationSample: Sendable {
  /// How an input is drawn.
  public enum Input: Sendable {
    /// Floats in `low ..< high`.
    case uniform(TensorType, Double, Double)
    /// Floats of magnitude `low ..< high` with either sign: away from a kink at 0.
    case signed(TensorType, Double, Double)
    /// Integers (or booleans) in `low ..< high`.
    case integers(TensorType, Int, Int)
    /// Floats that differ pairwise by at least a hundredth, in random order: no ties.
    case distinct(TensorType)
    case values(HostTensor)

    public var type: TensorType {
      switch self {
      case .uniform(let type, _, _), .signed(let type, _, _), .integers(let type, _, _), .distinct(let type): type
      case .values(let tensor): tensor.type
      }
    }
  }

  /// Up to which order the gradient is compared with finite differences (in f64).
  public enum GradientCheck: Sendable, Equatable {
    case secondOrder
    /// The second derivative does not exist or is 0 almost everywhere.
    case firstOrder(reason: String)
    case none(reason: String)
  }

  public var operation: any Operation
  public var inputs: [Input]
  public var graphs: [Graph]
  public var gradient: GradientCheck
  /// Allowed relative error against the reference in f32, in units of the last place, beside the accumulation bound.
  public var ulps: Double

  public init(
    _ operation: any Operation, _ inputs: [Input], graphs: [Graph] = [], gradient: GradientCheck = .secondOrder,
    ulps: Double = 8
  ) {
    self.operation = operation
    self.inputs = inputs
    self.graphs = graphs
    self.gradient = gradient
    self.ulps = ulps
  }
}

/// A use of an operation that violates one of its constraints.
public struct OperationViolation: Sendable {
  public var constraint: Int
  public var operation: any Operation
  public var inputs: [TensorType]
  public var graphs: [Graph]

  public init(_ constraint: Int, _ operation: any Operation, _ inputs: [TensorType], graphs: [Graph] = []) {
    self.constraint = constraint
    self.operation = operation
    self.inputs = inputs
    self.graphs = graphs
  }
}
