import JacquardCore
import JacquardIR

/// How the losses of single elements (or of rows of classes) become the result. The first axis counts the samples.
public enum LossReduction: String, Hashable, Codable, Sendable, CaseIterable {
  /// The mean over all of them: a scalar.
  case mean
  /// The sum over all of them: a scalar.
  case sum
  /// The sum over all axes but the first, then the mean over the first: a scalar.
  case sumPerSample
  /// Each by itself.
  case none

  static let `default` = [AttributeField("reduction", .string(LossReduction.mean.rawValue))]
  static let convention =
    "reduction: mean or sum over all losses; sumPerSample adds up each sample's (the first axis counts the samples) "
    + "and takes the mean; none leaves them"

  func resultType(_ losses: TensorType) -> TensorType {
    self == .none ? losses : TensorType(losses.dtype, .scalar)
  }

  /// Reduces losses. Means divide by the dimension itself, so that a symbolic number of samples stays symbolic.
  func apply(_ builder: GraphBuilder, _ losses: ValueID) throws -> ValueID {
    let shape = builder.shape(losses)
    let axes = Array(0..<shape.rank)
    if axes.isEmpty { return losses }
    switch self {
    case .none: return losses
    case .mean: return try builder.mean(losses, axes: axes)
    case .sum: return try builder.sum(losses, axes: axes)
    case .sumPerSample:
      let samples = try builder.dimension(shape[0], builder.type(losses).dtype)
      return try builder.divide(builder.sum(losses, axes: axes), samples)
    }
  }
}

/// A loss of two operands of one floating type and one shape. Constraints c1 and c2 are checked here.
public protocol PairLossOperation: CompositeOperation {
  /// How the losses of single elements become the result.
  var reduction: LossReduction { get }
  /// The losses of single elements.
  func losses(_ builder: GraphBuilder, _ a: ValueID, _ b: ValueID) throws -> ValueID
}

extension PairLossOperation {
  public static var defaults: [AttributeField] { LossReduction.default }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 2)
    let (a, b) = (context.inputs[0], context.inputs[1])
    try require(2, a.shape == b.shape, "shapes \(a.shape) and \(b.shape) differ")
    return [reduction.resultType(a)]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    [try reduction.apply(builder, losses(builder, inputs[0], inputs[1]))]
  }
}

/// Constraints of losses of two operands.
enum PairLossRule {
  static let constraints = ["c1: the operands have one floating type", "c2: the operands have one shape"]
}
