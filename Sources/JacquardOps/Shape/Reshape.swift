import JacquardCore
import JacquardIR
import JacquardKernels

/// The same elements in the same row-major order under another shape.
public struct Reshape: Operation {
  public static let name = "reshape"
  public static let doc = OperationDoc(
    "The same elements in the same row-major order under another shape.",
    formula: "y.flat[i] = x.flat[i]",
    constraints: [
      "c1: both shapes have the same number of elements for every size of their symbols",
      "c2: no dimension is negative",
    ])

  public static let samples = [
    OperationSample(Reshape([6, 4]), [.uniform("f32[2,3,4]", -2, 2)]),
    OperationSample(Reshape([4, 6]), [.uniform("f32[6,4]", -2, 2)]),
    OperationSample(Reshape([]), [.uniform("f32[1,1]", -2, 2)]),
    OperationSample(Reshape([5, 0]), [.integers("i32[0,3]", 0, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Reshape([5]), ["f32[2,3]"]),
    OperationViolation(1, Reshape([4]), ["f32[N,2]"]),
    OperationViolation(2, Reshape([-2, -3]), ["f32[6]"]),
  ]

  /// The shape of the result.
  public var shape: [Dim]

  /// The shape is checked where types are inferred (c1, c2).
  public init(_ shape: [Dim]) { self.shape = shape }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try requireNatural(shape, 2)
    let input = context.inputs[0]
    let (have, want) = (try input.shape.elementCount(), try Shape(shape).elementCount())
    if have != want {
      let symbols = input.shape.symbols.symmetricDifference(Shape(shape).symbols).union(have.symbols).sorted()
      let advice = symbols.isEmpty ? "" : "; bind \(symbols.joined(separator: ", ")) if they are equal for its size"
      throw violated(
        1, "\(input.shape) has \(have) elements and cannot become \(Shape(shape)) with \(want)\(advice)")
    }
    return [TensorType(input.dtype, Shape(shape))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let shape = context.type(context.inputs[0]).shape
    return .cotangents([.value(try context.builder.reshape(context.cotangent(), shape))])
  }

  public func lower(_ context: LoweringContext) throws {
    let operand = context.extents(context.inputs[0])
    context.emitCopy(Self.name, from: context.inputs[0], to: context.outputs[0]) { axes, extents in
      IndexExpression.linear(axes, in: extents).unflattened(to: operand, in: extents)
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    [try context.inputs[0].reshaped(context.outputs[0].shape.sizes ?? [])]
  }
}

extension GraphBuilder {
  /// The same elements under another shape. One dimension may be -1: what is left over.
  public func reshape(_ x: ValueID, _ shape: Shape) throws -> ValueID {
    let shape = try completed(shape, for: self.shape(x))
    return shape == self.shape(x) ? x : try apply(Reshape(shape.dims), x)
  }

  /// Replaces the dimension -1, if there is one, by the quotient of the element counts.
  private func completed(_ shape: Shape, for operand: Shape) throws -> Shape {
    guard let open = shape.dims.firstIndex(of: -1) else { return shape }
    var result = shape
    result.dims[open] = 1
    guard let rest = try operand.elementCount().dividedExactly(by: result.elementCount()) else {
      throw Diagnostic(
        "reshape: \(operand) does not divide into \(shape)", constraint: "reshape.c1",
        site: origins.lazy.compactMap(\.site).first)
    }
    result.dims[open] = rest
    return result
  }

  /// Inserts an axis of size 1 (-1: after the last).
  public func expandDims(_ x: ValueID, axis: Int) throws -> ValueID {
    var dims = shape(x).dims
    let axis = normalized(axis, rank: dims.count + 1)
    guard axis >= 0 && axis <= dims.count else {
      throw Diagnostic("expandDims: axis \(axis) does not fit \(type(x))", constraint: "expandDims.c1")
    }
    dims.insert(1, at: axis)
    return try reshape(x, Shape(dims))
  }

  /// Removes an axis of size 1.
  public func squeeze(_ x: ValueID, axis: Int) throws -> ValueID {
    var dims = shape(x).dims
    let axis = normalized(axis, rank: dims.count)
    guard dims.indices.contains(axis), dims[axis].isOne else {
      throw Diagnostic("squeeze: axis \(axis) of \(type(x)) has not size 1", constraint: "squeeze.c1")
    }
    dims.remove(at: axis)
    return try reshape(x, Shape(dims))
  }
}

extension Reshape: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(Reshape([context.size] + shape))
  }
}
