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
    /// These values.
    case values(HostTensor)

    /// The type of the operand; it is static.
    public var type: TensorType {
      switch self {
      case .uniform(let type, _, _), .signed(let type, _, _), .integers(let type, _, _), .distinct(let type): type
      case .values(let tensor): tensor.type
      }
    }
  }

  /// Up to which order the gradient is compared with finite differences (in f64).
  public enum GradientCheck: Sendable, Equatable {
    /// First and second derivatives are compared.
    case secondOrder
    /// The second derivative does not exist or is 0 almost everywhere.
    case firstOrder(reason: String)
    /// The gradient does not exist, or finite differences do not find it.
    case none(reason: String)
  }

  /// The operation with its attributes.
  public var operation: any Operation
  /// One an operand.
  public var inputs: [Input]
  /// Sub-graphs of the node.
  public var graphs: [Graph]
  /// How its gradient is checked.
  public var gradient: GradientCheck
  /// Allowed relative error against the reference in f32, in units of the last place, beside the accumulation bound.
  public var ulps: Double

  /// A use of an operation that is checked to second order and to 8 units in the last place, unless told otherwise.
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
  /// The number K of the constraint `cK` that must be reported.
  public var constraint: Int
  /// The operation with its attributes.
  public var operation: any Operation
  /// The types of the operands.
  public var inputs: [TensorType]
  /// Sub-graphs of the node.
  public var graphs: [Graph]

  /// A use that must be refused with the tag of a constraint.
  public init(_ constraint: Int, _ operation: any Operation, _ inputs: [TensorType], graphs: [Graph] = []) {
    self.constraint = constraint
    self.operation = operation
    self.inputs = inputs
    self.graphs = graphs
  }
}
