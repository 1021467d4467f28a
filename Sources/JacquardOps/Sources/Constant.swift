import JacquardCore
import JacquardIR
import JacquardKernels

/// A tensor written in the graph.
public struct Constant: Operation {
  public static let name = "constant"
  public static let doc = OperationDoc("A tensor written in the graph.", formula: "y = value")

  public static let samples = [
    OperationSample(Constant(HostTensor(2.5 as Float)), [], gradient: .none(reason: "no operands")),
    OperationSample(Constant(HostTensor(true)), [], gradient: .none(reason: "no operands")),
    OperationSample(Constant(table), [], gradient: .none(reason: "no operands")),
  ]
  public static let violations: [OperationViolation] = []

  private static let table: HostTensor =
    (try? HostTensor([1, -2, 3, -4, 5, -6] as [Int32], [2, 3])) ?? HostTensor(0 as Int32)

  /// What it holds.
  public var value: AttributeTensor

  /// A tensor of any type and static shape.
  public init(_ value: HostTensor) { self.value = AttributeTensor(value) }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(0, context)
    return [value.tensor.type]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { .cotangents([]) }

  public func lower(_ context: LoweringContext) throws {
    let tensor = value.tensor
    if tensor.count == 1 {
      // As an instruction, so that a consumer can take it in.
      context.emitFill(Self.name, tensor[linear: 0], to: context.outputs[0])
    } else {
      context.constant(context.outputs[0], tensor)
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] { [value.tensor] }
}

extension GraphBuilder {
  /// A scalar, converted to a type as by cast.
  public func constant(_ value: Double, _ dtype: DType) throws -> ValueID {
    try constant(HostTensor(dtype, [], [.float(value)]))
  }

  /// A tensor written in the graph.
  public func constant(_ tensor: HostTensor) throws -> ValueID { try apply(Constant(tensor)) }

  /// A tensor with one value everywhere, of the type and shape of another.
  public func fill(_ value: Double, like x: ValueID) throws -> ValueID {
    try broadcast(constant(value, type(x).dtype), to: shape(x))
  }

  /// A tensor of zeros, whose shape may mention symbols.
  public func zeros(_ shape: Shape, _ dtype: DType) throws -> ValueID {
    try broadcast(constant(0, dtype), to: shape)
  }

  /// A tensor of ones, whose shape may mention symbols.
  public func ones(_ shape: Shape, _ dtype: DType) throws -> ValueID {
    try broadcast(constant(1, dtype), to: shape)
  }
}
