import JacquardCore
import JacquardIR
import JacquardKernels

/// Counts along an axis: each element is its index there.
public struct Iota: Operation {
  public static let name = "iota"
  public static let doc = OperationDoc(
    "Counts along an axis: each element is its index there.", formula: "y[..., i, ...] = i",
    constraints: ["c1: dtype is numeric", "c2: axis is one of the shape's axes", "c3: no dimension is negative"],
    conventions: ["indices are converted to the element type as by cast"])

  public static let samples = [
    OperationSample(Iota(shape: [2, 3], axis: 1, dtype: .f32), [], gradient: .none(reason: "no operands")),
    OperationSample(Iota(shape: [2, 3, 2], axis: 0, dtype: .i64), [], gradient: .none(reason: "no operands")),
    OperationSample(Iota(shape: [0], axis: 0, dtype: .i32), [], gradient: .none(reason: "no operands")),
    OperationSample(Iota(shape: [300], axis: 0, dtype: .u8), [], gradient: .none(reason: "no operands")),
  ]
  public static let violations = [
    OperationViolation(1, Iota(shape: [2], axis: 0, dtype: .bool), []),
    OperationViolation(2, Iota(shape: [2], axis: 1, dtype: .i32), []),
    OperationViolation(3, Iota(shape: [-2], axis: 0, dtype: .i32), []),
  ]

  /// The shape of the result.
  public var shape: [Dim]
  /// Counted from the first.
  public var axis: Int
  /// The element type of the result, numeric.
  public var dtype: DType

  /// The attributes are checked where types are inferred (c1 to c3).
  public init(shape: [Dim], axis: Int, dtype: DType) {
    self.shape = shape
    self.axis = axis
    self.dtype = dtype
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(0, context)
    if !dtype.isNumeric { throw violated(1, "not defined for \(dtype.rawValue)") }
    try requireAxis(axis, rank: shape.count, 2)
    try requireNatural(shape, 3)
    return [TensorType(dtype, Shape(shape))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { .cotangents([]) }

  public func lower(_ context: LoweringContext) throws {
    context.emitMap(Self.name, to: context.outputs[0]) { body in
      body.cast(body.index(.axis(axis), .i64), dtype)
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    var result = try HostTensor(zeros: dtype, context.outputs[0].shape.sizes ?? [])
    let stride = result.sizes[(axis + 1)...].reduce(1, &*)
    for index in 0..<result.count {
      result[linear: index] = .int(Int64(index / stride % result.sizes[axis]))
    }
    return [result]
  }
}

extension GraphBuilder {
  /// Counts along an axis.
  public func iota(_ shape: Shape, axis: Int, _ dtype: DType) throws -> ValueID {
    try apply(Iota(shape: shape.dims, axis: normalized(axis, rank: shape.rank), dtype: dtype))
  }
}
