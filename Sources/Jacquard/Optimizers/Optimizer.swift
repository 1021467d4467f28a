import JacquardCore
import JacquardIR

/// A rule that changes parameters along their gradients. It is written as a part of the graph.
public protocol Optimizer: Sendable {
  /// First part of the names of its state: `adam/m/hidden/weight`.
  var name: String { get }
  /// The step size, a function of the number of finished steps.
  var learningRate: LearningRate { get }
  /// The new value of one parameter.
  /// - Throws: `Diagnostic` of a type rule, which would be the optimiser's mistake.
  func updated(_ parameter: OptimizedParameter) throws -> ValueID
}

/// One parameter in a step, with the arithmetic that optimisers are written in. Its methods throw what those of `builder` throw.
public struct OptimizedParameter {
  /// The graph being built.
  public let builder: GraphBuilder
  /// The parameter's name.
  public let name: String
  /// Its value before the step.
  public let value: ValueID
  /// The gradient, clipped and with weight decay.
  public let gradient: ValueID
  let state: OptimizerState
  let schedule: LearningRate

  /// Element type of parameter and gradient.
  public var dtype: DType { builder.type(value).dtype }

  /// The rate of this step: a scalar of the parameter's type.
  public func learningRate() throws -> ValueID {
    try schedule.value(dtype, in: builder) { try state.finishedSteps(dtype) }
  }

  /// The number of this step, from 1: a scalar of the parameter's type.
  public func stepNumber() throws -> ValueID { try add(try state.finishedSteps(dtype), 1) }

  /// A state tensor of the parameter's type, which starts at 0 and becomes `next` of its old value.
  /// - Returns: The new value.
  public func state(_ kind: String, next: (ValueID) throws -> ValueID) throws -> ValueID {
    let full = "\(state.prefix)/\(kind)/\(name)"
    let old = try state.input(full, builder.type(value))
    let new = try next(old)
    try builder.update(full, new)
    return new
  }

  // MARK: Arithmetic with numbers

  /// A scalar constant of the parameter's type.
  public func constant(_ number: Double) throws -> ValueID { try builder.constant(number, dtype) }
  /// A value plus the same number everywhere.
  public func add(_ a: ValueID, _ number: Double) throws -> ValueID { try builder.add(a, try constant(number)) }
  /// A value times a number.
  public func multiply(_ a: ValueID, _ number: Double) throws -> ValueID {
    try builder.multiply(a, try constant(number))
  }

  /// decay * old + (1 - decay) * new.
  public func average(_ old: ValueID, _ new: ValueID, _ decay: Double) throws -> ValueID {
    try builder.add(try multiply(old, decay), try multiply(new, 1 - decay))
  }
}

/// The state inputs of one optimiser in one graph.
final class OptimizerState {
  let context: GraphContext
  let prefix: String

  init(_ context: GraphContext, _ prefix: String) {
    self.context = context
    self.prefix = prefix
  }

  func input(_ name: String, _ type: TensorType) throws -> ValueID {
    if let value = context.inputs[name] { return value }
    let value = try context.builder.input(Input(name: name, type: type, role: .state))
    context.inputs[name] = value
    return value
  }

  /// How many steps were made: the counter `adam/step`, an `i64` that each step raises.
  func finishedSteps(_ dtype: DType) throws -> ValueID {
    let name = "\(prefix)/step"
    let builder = context.builder
    if let value = context.inputs[name] { return try builder.cast(value, dtype) }
    let value = try input(name, TensorType(.i64, []))
    try builder.update(name, try builder.add(value, try builder.constant(1, .i64)))
    return try builder.cast(value, dtype)
  }
}
