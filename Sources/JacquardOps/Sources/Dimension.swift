import JacquardCore
import JacquardIR
import JacquardKernels

/// A dimension as a scalar, so that formulas may depend on the size of a batch.
public struct Dimension: Operation {
  public static let name = "dimension"
  public static let doc = OperationDoc(
    "A dimension as a scalar, so that formulas may depend on the size of a batch.", formula: "y = dimension",
    constraints: ["c1: dtype is numeric"], conventions: ["the number is converted to the element type as by cast"])

  public static let samples = [
    OperationSample(Dimension(784, .f32), [], gradient: .none(reason: "no operands")),
    OperationSample(Dimension(3, .i64), [], gradient: .none(reason: "no operands")),
  ]
  public static let violations = [OperationViolation(1, Dimension(.symbol("N"), .bool), [])]

  /// What the scalar is; it may mention symbols.
  public var dimension: Dim
  /// The element type of the scalar, numeric.
  public var dtype: DType

  /// The type is checked where types are inferred (c1).
  public init(_ dimension: Dim, _ dtype: DType) {
    self.dimension = dimension
    self.dtype = dtype
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(0, context)
    if !dtype.isNumeric { throw violated(1, "not defined for \(dtype.rawValue)") }
    return [TensorType(dtype, .scalar)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { .cotangents([]) }

  /// The number, once every symbol is bound.
  private func number() throws -> Scalar {
    guard let value = dimension.value else { throw Diagnostic("dimension: '\(dimension)' is not bound") }
    return .int(Int64(value))
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitFill(Self.name, try number(), to: context.outputs[0])
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    [try HostTensor(dtype, [], [number()])]
  }
}

extension GraphBuilder {
  /// A dimension as a scalar.
  public func dimension(_ dimension: Dim, _ dtype: DType) throws -> ValueID {
    try apply(Dimension(dimension, dtype))
  }
}
