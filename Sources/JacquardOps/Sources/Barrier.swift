import JacquardCore
import JacquardIR
import JacquardKernels

/// Its operands, unchanged; no rule looks through it, so that what is recomputed behind it is not merged away.
public struct Barrier: Operation {
  public static let name = "barrier"
  public static let doc = OperationDoc(
    "Its operands, unchanged; no rule looks through it, so that what is recomputed behind it is not merged away.",
    formula: "y0, y1, ... = x0, x1, ...", constraints: ["c1: there is at least one operand"],
    conventions: ["the gradient is the identity"])

  public static let samples = [
    OperationSample(
      Barrier(id: 1), [.uniform("f32[2,3]", -2, 2), .uniform("f32[4]", -2, 2)],
      gradient: .firstOrder(reason: "linear")),
    OperationSample(Barrier(id: 2), [.integers("i32[3]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [OperationViolation(1, Barrier(id: 0), [])]

  /// Tells barriers over the same values apart.
  public var id: Int

  /// Two barriers of one number over the same values are one node.
  public init(id: Int) { self.id = id }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    if context.inputs.isEmpty { throw violated(1, "needs at least one operand") }
    try requireOperands(context.inputs.count, context)
    return context.inputs
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .cotangents(context.cotangents.map { $0.map(Cotangent.value) ?? .zero })
  }

  public func lower(_ context: LoweringContext) throws {
    for (input, output) in zip(context.inputs, context.outputs) {
      context.emitCopy(Self.name, from: input, to: output) { axes, _ in axes }
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] { context.inputs }
}

extension GraphBuilder {
  /// The same values behind a barrier.
  public func barrier(_ values: [ValueID], id: Int) throws -> [ValueID] { try append(Barrier(id: id), values) }
}

extension Barrier: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let held = try context.builder.barrier(context.inputs.map(\.value), id: id)
    return zip(held, context.inputs).map { Batched($0, isBatched: $1.isBatched) }
  }
}
