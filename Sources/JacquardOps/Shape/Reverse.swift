import JacquardCore
import JacquardIR
import JacquardKernels

/// Turns the order of the elements round along some axes.
public struct Reverse: Operation {
  public static let name = "reverse"
  public static let doc = OperationDoc(
    "Turns the order of the elements round along some axes.", formula: "y[..., i, ...] = x[..., n - 1 - i, ...]",
    constraints: ["c1: axes are axes of the operand, in ascending order"])

  public static let samples = [
    OperationSample(Reverse(axes: [1]), [.uniform("f32[3,4]", -2, 2)]),
    OperationSample(Reverse(axes: [0, 2]), [.uniform("f32[2,3,4]", -2, 2)]),
    OperationSample(Reverse(axes: []), [.integers("i32[3]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Reverse(axes: [1]), ["f32[2]"]),
    OperationViolation(1, Reverse(axes: [1, 0]), ["f32[2,3]"]),
  ]

  /// Counted from the first, ascending.
  public var axes: [Int]

  /// The axes are checked where types are inferred (c1).
  public init(axes: [Int]) { self.axes = axes }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try requireAscendingAxes(axes, rank: context.inputs[0].shape.rank, 1)
    return context.inputs
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .cotangents([.value(try context.builder.reverse(context.cotangent(), axes: axes))])
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitCopy(Self.name, from: context.inputs[0], to: context.outputs[0]) { points, extents in
      points.indices.map { axis in
        axes.contains(axis) ? IndexExpression(extents[axis] - 1) - points[axis] : points[axis]
      }
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    var strides = Layout.rowMajor(x.sizes).strides
    var base = 0
    for axis in axes {
      base += (x.sizes[axis] - 1) * strides[axis]
      strides[axis] = -strides[axis]
    }
    return [try x.picking(StridedPoints.offsets(x.sizes, strides, base: base), context.outputs[0])]
  }
}

extension GraphBuilder {
  /// Turns the order of the elements round along some axes.
  public func reverse(_ x: ValueID, axes: [Int]) throws -> ValueID {
    try apply(Reverse(axes: normalized(axes, rank: shape(x).rank)), x)
  }
}

extension Reverse: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(Reverse(axes: axes.map { $0 + 1 }))
  }
}
