import JacquardCore
import JacquardIR
import JacquardKernels

/// Repeats a tensor along new leading axes and along axes of size 1 (NumPy's broadcast_to).
public struct Broadcast: Operation {
  public static let name = "broadcast"
  public static let doc = OperationDoc(
    "Repeats a tensor along new leading axes and along axes of size 1 (NumPy's broadcast_to).",
    formula: "y[..., i, ...] = x[i or 0]",
    constraints: ["c1: the operand's shape broadcasts to the shape, aligned at the last axis"])

  public static let samples = [
    OperationSample(Broadcast([2, 3]), [.uniform("f32[3]", -2, 2)]),
    OperationSample(Broadcast([2, 4, 5, 3]), [.uniform("f32[4,1,3]", -2, 2)]),
    OperationSample(Broadcast([7]), [.uniform("f32[]", -2, 2)]),
    OperationSample(Broadcast([0, 3]), [.integers("i64[1,3]", 0, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Broadcast([4]), ["f32[3]"]),
    OperationViolation(1, Broadcast([1]), ["f32[3]"]),
    OperationViolation(1, Broadcast([3]), ["f32[2,3]"]),
    OperationViolation(1, Broadcast([.symbol("M")]), ["f32[N]"]),
  ]

  /// The shape of the result.
  public var shape: [Dim]

  /// The shape is checked where types are inferred (c1).
  public init(_ shape: [Dim]) { self.shape = shape }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let input = context.inputs[0]
    guard input.shape.broadcast(with: Shape(shape)) == Shape(shape) else {
      throw violated(1, "\(input.shape) does not broadcast to \(Shape(shape))")
    }
    return [TensorType(input.dtype, Shape(shape))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .cotangents([.value(try context.cotangent())])
  }

  public func lower(_ context: LoweringContext) throws {
    let operand = context.extents(context.inputs[0])
    context.emitCopy(Self.name, from: context.inputs[0], to: context.outputs[0]) { axes, _ in
      zip(operand, axes.suffix(operand.count)).map { extent, axis in extent == 1 ? IndexExpression(0) : axis }
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    let map = BroadcastIndex(from: x.sizes, to: context.outputs[0].shape.sizes ?? [])
    let count = (context.outputs[0].shape.sizes ?? []).product
    return [try x.picking((0..<count).map { map.source(of: $0) }, context.outputs[0])]
  }
}

extension GraphBuilder {
  /// Repeats a tensor to fill a shape. Nothing is appended if it has that shape.
  public func broadcast(_ x: ValueID, to shape: Shape) throws -> ValueID {
    shape == self.shape(x) ? x : try apply(Broadcast(shape.dims), x)
  }
}

extension Broadcast: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, x) = (context.builder, context.inputs[0].value)
    let ones = [Dim](repeating: 1, count: shape.count - context.rank(0))
    let aligned = try builder.reshape(x, Shape([context.size] + ones + context.elementType(0).shape.dims))
    return [Batched(try builder.broadcast(aligned, to: Shape([context.size] + shape)))]
  }
}
